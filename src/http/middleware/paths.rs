//! Which paths exist and which methods each answers, taken from what the handlers declare so that it cannot drift
//! from what is served. It answers `Allow`, preflights, and which route a log line is about.

use std::collections::{BTreeMap, HashMap};
use std::str::Split;

use poem::http::{HeaderValue, Method};

use super::traffic::Traffic;

/// What applications and probes ask for all the time. A log with a line for each success would hold nothing else.
const ROUTINE: [&str; 6] =
    ["/api/v1/evaluate", "/api/v1/sdk/", "/ofrep/v1/", "/health", "/ready", "/metrics"];
/// Methods that are told apart on paths that are not known.
const TOLD_APART: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// One path of the API.
#[derive(Debug)]
pub struct KnownPath {
    template: String,
    parameters: Vec<String>,
    allow: HeaderValue,
    gets: Gets,
    news: News,
    traffic: Traffic,
}

/// Whether a success on a path is worth a line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It is.
    EveryAnswer,
    /// Only a failure is.
    Failures,
}

/// Whether a path answers GET, and therefore HEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gets {
    Yes,
    No,
}

impl KnownPath {
    /// The path with its parameters in braces, as the document has it.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// The names of its parameters, in order.
    pub fn parameters(&self) -> &[String] {
        &self.parameters
    }

    /// What `Allow` says: the methods of the document, HEAD beside GET, and OPTIONS.
    pub fn allow(&self) -> &HeaderValue {
        &self.allow
    }

    /// Which answers are worth a line in the log.
    pub fn news(&self) -> News {
        self.news
    }

    /// Whether HEAD is answered.
    pub fn answers_head(&self) -> bool {
        self.gets == Gets::Yes
    }
}

/// Every known path.
#[derive(Debug)]
pub struct Paths {
    known: Vec<KnownPath>,
    /// The place of each path that has no parameters.
    literal: HashMap<String, usize>,
    /// All of them, as a tree of segments.
    root: Node,
    /// What was asked of paths that are not known.
    unknown: Traffic,
}

#[derive(Debug, Default)]
struct Node {
    literals: BTreeMap<String, Node>,
    parameter: Option<Box<Node>>,
    /// The place of the path that ends here.
    here: Option<usize>,
}

impl Paths {
    /// The paths of these operations: of each its path, with parameters in braces, and its method.
    pub fn of<'a>(operations: impl IntoIterator<Item = (&'a str, &'a Method)>) -> Self {
        let mut methods: BTreeMap<&str, Vec<&Method>> = BTreeMap::new();
        for (template, method) in operations {
            methods.entry(template).or_default().push(method);
        }
        let unknown = Traffic::of(TOLD_APART);
        let mut paths = Self { known: Vec::new(), literal: HashMap::new(), root: Node::default(), unknown };
        for (template, methods) in methods {
            paths.add(template, &methods);
        }
        paths
    }

    fn add(&mut self, template: &str, methods: &[&Method]) {
        let mut node = &mut self.root;
        let mut parameters = Vec::new();
        for segment in segments(template) {
            node = match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(name) => {
                    parameters.push(name.to_owned());
                    node.parameter.get_or_insert_default()
                }
                None => node.literals.entry(segment.to_owned()).or_default(),
            };
        }
        let gets = if methods.contains(&&Method::GET) { Gets::Yes } else { Gets::No };
        let mut answered: Vec<Method> = methods.iter().map(|method| (*method).clone()).collect();
        if gets == Gets::Yes {
            answered.push(Method::HEAD);
        }
        answered.push(Method::OPTIONS);
        answered.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        answered.dedup();
        let allowed: Vec<&str> = answered.iter().map(Method::as_str).collect();
        // Names of methods are visible ASCII, so this always succeeds.
        let allow = HeaderValue::from_str(&allowed.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"));
        let routine = ROUTINE.iter().any(|prefix| template.starts_with(prefix));
        let news = if routine { News::Failures } else { News::EveryAnswer };
        let place = self.known.len();
        node.here = Some(place);
        if parameters.is_empty() {
            self.literal.insert(template.to_owned(), place);
        }
        let traffic = Traffic::of(answered);
        self.known.push(KnownPath { template: template.to_owned(), parameters, allow, gets, news, traffic });
    }

    /// Every known path, by its template.
    pub fn known(&self) -> &[KnownPath] {
        &self.known
    }

    /// What was asked of a path, or of all those that are not known.
    pub fn traffic<'t>(&'t self, path: Option<&'t KnownPath>) -> &'t Traffic {
        path.map_or(&self.unknown, |path| &path.traffic)
    }

    /// The path that a request is for. A literal segment goes before a parameter, as in the router.
    pub fn find(&self, path: &str) -> Option<&KnownPath> {
        // What is asked most has no parameters.
        let place = self.literal.get(path).copied().or_else(|| find(&self.root, segments(path)))?;
        self.known.get(place)
    }
}

fn find(node: &Node, rest: Split<'_, char>) -> Option<usize> {
    let (mut node, mut rest) = (node, rest);
    while let Some(segment) = rest.next() {
        let parameter = node.parameter.as_deref().filter(|_| !segment.is_empty());
        node = match (node.literals.get(segment), parameter) {
            (Some(literal), Some(parameter)) => {
                return find(literal, rest.clone()).or_else(|| find(parameter, rest));
            }
            (Some(next), None) | (None, Some(next)) => next,
            (None, None) => return None,
        };
    }
    node.here
}

/// `/a/b/` has the segments `a`, `b` and an empty one: a trailing slash names another path.
fn segments(path: &str) -> Split<'_, char> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths() -> Paths {
        Paths::of([
            ("/flags", &Method::POST),
            ("/flags/{key}", &Method::GET),
            ("/flags", &Method::GET),
            ("/flags/{key}", &Method::DELETE),
            ("/flags/all", &Method::PUT),
            ("/{kind}/all/{part}", &Method::POST),
            ("/", &Method::GET),
        ])
    }

    #[test]
    fn finds_the_template_and_its_methods() {
        let paths = paths();
        let found =
            |path: &str| paths.find(path).map(|known| (known.template(), known.allow().to_str().unwrap()));
        assert_eq!(found("/flags"), Some(("/flags", "GET, HEAD, OPTIONS, POST")));
        assert_eq!(found("/flags/a"), Some(("/flags/{key}", "DELETE, GET, HEAD, OPTIONS")));
        assert_eq!(found("/flags/all"), Some(("/flags/all", "OPTIONS, PUT")));
        assert_eq!(found("/flags/all/x"), Some(("/{kind}/all/{part}", "OPTIONS, POST")));
        assert_eq!(found("/"), Some(("/", "GET, HEAD, OPTIONS")));
        assert_eq!(
            paths.find("/x/all/y").map(KnownPath::parameters),
            Some(&["kind".to_owned(), "part".to_owned()][..])
        );
        assert!(!paths.find("/flags/all").unwrap().answers_head());
    }

    #[test]
    fn a_trailing_slash_and_an_empty_parameter_are_other_paths() {
        for path in ["/flags/", "/flags/a/", "/flag", "//", "/flags/all/", ""] {
            assert_eq!(
                paths().find(path).map(KnownPath::template),
                (path.is_empty()).then_some("/"),
                "{path}"
            );
        }
    }
}
