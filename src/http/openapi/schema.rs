//! Rewrites the schemas of `OpenAPI` 3.0 to those of 3.1, which are JSON Schema 2020-12. Only schemas are walked:
//! what stands in an example, a default or a list of values is data, whatever its keys are called.

use serde_json::{Map, Value, json};

/// Keywords whose value is one schema.
const NESTED: [&str; 3] = ["items", "additionalProperties", "not"];
/// Keywords whose value is a list of schemas.
const LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Rewrites every schema of a document.
pub(super) fn upgrade(document: &mut Value) {
    let components = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
    components.into_iter().flatten().for_each(|(_, schema)| upgrade_schema(schema));
    super::for_each_operation(document, |_, _, operation| {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            parameter.get_mut("schema").into_iter().for_each(upgrade_schema);
        }
        operation.get_mut("requestBody").into_iter().for_each(upgrade_content);
        let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
        for (_, response) in responses.into_iter().flatten() {
            upgrade_content(response);
            let headers = response.get_mut("headers").and_then(Value::as_object_mut);
            for (_, header) in headers.into_iter().flatten() {
                header.get_mut("schema").into_iter().for_each(upgrade_schema);
            }
        }
    });
}

fn upgrade_content(body: &mut Value) {
    for (_, media) in body.get_mut("content").and_then(Value::as_object_mut).into_iter().flatten() {
        media.get_mut("schema").into_iter().for_each(upgrade_schema);
    }
}

/// Calls `visit` with every schema directly inside this one.
fn for_each_child(schema: &mut Map<String, Value>, mut visit: impl FnMut(&mut Value)) {
    for (keyword, value) in schema.iter_mut() {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                properties.iter_mut().for_each(|(_, child)| visit(child));
            }
            (keyword, Value::Array(list)) if LISTS.contains(&keyword) => list.iter_mut().for_each(&mut visit),
            (keyword, child @ Value::Object(_)) if NESTED.contains(&keyword) => visit(child),
            _ => {}
        }
    }
}

fn upgrade_schema(value: &mut Value) {
    let Some(schema) = value.as_object_mut() else {
        return;
    };
    for_each_child(schema, upgrade_schema);
    for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match schema.remove(flag) {
            Some(Value::Bool(true)) => {
                if let Some(limit) = schema.remove(bound) {
                    schema.insert(flag.to_owned(), limit);
                }
            }
            Some(limit @ Value::Number(_)) => drop(schema.insert(flag.to_owned(), limit)),
            _ => {}
        }
    }
    if let Some(example) = schema.remove("example") {
        schema.insert("examples".to_owned(), Value::Array(vec![example]));
    }
    allow_null_where_optional(schema);
    let nullable = schema.remove("nullable") == Some(Value::Bool(true));
    unwrap_reference(schema);
    if nullable {
        allow_null(value);
    }
}

/// A documented field of a named type is written `allOf: [reference, {description}]` beside the same description.
/// In 3.1 a reference may stand beside other keywords.
fn unwrap_reference(schema: &mut Map<String, Value>) {
    let Some([reference, notes]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) else {
        return;
    };
    let repeated =
        |notes: &Map<String, Value>| notes.iter().all(|(keyword, value)| schema.get(keyword) == Some(value));
    if let (Some(target), Some(true)) = (reference.get("$ref").cloned(), notes.as_object().map(repeated)) {
        schema.remove("allOf");
        schema.insert("$ref".to_owned(), target);
    }
}

/// An optional field that is empty is written as null, and null means that it is left out.
fn allow_null_where_optional(schema: &mut Map<String, Value>) {
    let required: Vec<Value> = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (name, property) in properties.into_iter().flatten() {
        if !required.iter().any(|required| required == name) {
            allow_null(property);
        }
    }
}

/// Adds null to what a schema accepts.
fn allow_null(value: &mut Value) {
    let Some(schema) = value.as_object_mut() else {
        return;
    };
    if let Some(target) = schema.remove("$ref") {
        schema.insert("anyOf".to_owned(), json!([{ "$ref": target }, { "type": "null" }]));
        return;
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        push_once(choices, json!({ "type": "null" }));
        return;
    }
    if schema.contains_key("oneOf") || schema.contains_key("allOf") {
        let inner = value.take();
        *value = json!({ "anyOf": [inner, { "type": "null" }] });
        return;
    }
    match schema.get_mut("type") {
        Some(Value::Array(types)) => push_once(types, Value::from("null")),
        Some(name) => *name = json!([name.take(), "null"]),
        // Without a type everything is accepted, null too.
        None => return,
    }
    if let Some(Value::Array(choices)) = schema.get_mut("enum") {
        push_once(choices, Value::Null);
    }
}

fn push_once(list: &mut Vec<Value>, value: Value) {
    if !list.contains(&value) {
        list.push(value);
    }
}

/// Says `additionalProperties: false` in every object that a request body can hold: unknown fields are refused.
pub(super) fn close_request_bodies(document: &mut Value) {
    let mut names = Vec::new();
    super::for_each_operation(document, |_, _, operation| {
        let content = operation.get_mut("requestBody").and_then(|body| body.get_mut("content"));
        for (_, media) in content.and_then(Value::as_object_mut).into_iter().flatten() {
            media.get_mut("schema").into_iter().for_each(|schema| close(schema, &mut names));
        }
    });
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else {
        return;
    };
    // The list grows while it is worked off: a schema names further ones.
    let mut next = 0;
    while let Some(name) = names.get(next).cloned() {
        schemas.get_mut(&name).into_iter().for_each(|schema| close(schema, &mut names));
        next += 1;
    }
}

fn close(value: &mut Value, names: &mut Vec<String>) {
    let Some(schema) = value.as_object_mut() else {
        return;
    };
    let target = schema.get("$ref").and_then(Value::as_str);
    if let Some(name) = target.and_then(|target| target.strip_prefix("#/components/schemas/"))
        && !names.iter().any(|known| known == name)
    {
        names.push(name.to_owned());
    }
    if schema.contains_key("properties") && !schema.contains_key("additionalProperties") {
        schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    for_each_child(schema, |child| close(child, names));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upgraded(mut schema: Value) -> Value {
        upgrade_schema(&mut schema);
        schema
    }

    #[test]
    fn keywords_of_3_0_become_those_of_3_1() {
        let old = json!({"type": "number", "minimum": 0, "exclusiveMinimum": true, "maximum": 9,
            "exclusiveMaximum": false, "example": 5, "nullable": true});
        let new = json!({"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 9, "examples": [5]});
        assert_eq!(upgraded(old), new);
        let old = json!({"type": "string", "enum": ["a"], "nullable": true});
        assert_eq!(upgraded(old), json!({"type": ["string", "null"], "enum": ["a", null]}));
    }

    #[test]
    fn data_is_not_mistaken_for_keywords() {
        let old = json!({"type": "object", "required": ["example", "nullable"],
            "properties": {"example": {"type": "string"}, "nullable": {"type": "boolean"}},
            "default": {"nullable": true, "example": 1}, "enum": [{"nullable": true}]});
        assert_eq!(upgraded(old.clone()), old);
    }

    #[test]
    fn optional_properties_may_be_null_however_they_are_written() {
        let old = json!({"type": "object", "required": ["a"], "properties": {
            "a": {"type": "string"},
            "b": {"type": "string"},
            "c": {"$ref": "#/components/schemas/C"},
            "d": {"description": "D.", "allOf": [{"$ref": "#/components/schemas/D"}, {"description": "D."}]},
            "e": {},
            "f": {"oneOf": [{"type": "string"}, {"type": "number"}]},
            "g": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "integer"}}}},
            "h": {"type": "integer", "nullable": true},
        }});
        let properties = json!({
            "a": {"type": "string"},
            "b": {"type": ["string", "null"]},
            "c": {"anyOf": [{"$ref": "#/components/schemas/C"}, {"type": "null"}]},
            "d": {"description": "D.", "anyOf": [{"$ref": "#/components/schemas/D"}, {"type": "null"}]},
            "e": {},
            "f": {"anyOf": [{"oneOf": [{"type": "string"}, {"type": "number"}]}, {"type": "null"}]},
            "g": {"type": ["array", "null"],
                "items": {"type": "object", "properties": {"x": {"type": ["integer", "null"]}}}},
            "h": {"type": ["integer", "null"]},
        });
        assert_eq!(upgraded(old)["properties"], properties);
        let documented = json!({"description": "D.", "allOf": [{"$ref": "#/D"}, {"description": "D."}]});
        assert_eq!(upgraded(documented), json!({"description": "D.", "$ref": "#/D"}));
    }

    #[test]
    fn only_what_a_request_can_hold_is_closed() {
        let object = json!({"type": "object", "properties": {"x": {}}});
        let mut document = json!({
            "paths": {"/a": {"post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/In"}}}},
                "responses": {"200": {"content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/Out"}}}}},
            }}},
            "components": {"schemas": {
                "In": {"type": "object", "properties": {
                    "list": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
                    "free": {"type": "object", "additionalProperties": {"type": "string"}},
                    "any": {"type": "object"},
                }},
                "Part": {"type": "object", "properties": {"again": {"$ref": "#/components/schemas/In"}}},
                "Out": object.clone(),
            }},
        });
        close_request_bodies(&mut document);
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["In"]["additionalProperties"], false);
        assert_eq!(schemas["Part"]["additionalProperties"], false);
        assert_eq!(schemas["In"]["properties"]["free"]["additionalProperties"], json!({"type": "string"}));
        assert!(schemas["In"]["properties"]["any"].get("additionalProperties").is_none());
        assert_eq!(schemas["Out"], object);
    }
}
