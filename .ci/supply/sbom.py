"""Writes a CycloneDX bill of materials of what the release executable contains, and checks it against the schema.

    sbom.py TARGET FILE

It holds the crates that are linked or that make code which is linked: what the library and its dependencies name as
normal and build dependencies for TARGET. Crates of tests are not in it. `cargo metadata --locked` is the only source,
so the same `Cargo.lock` gives the same document: it has no serial number, and no time.
"""

import json
import pathlib
import re
import subprocess
import sys
import tomllib
from urllib.parse import quote

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


def contained(metadata, built):
    """The ids of the packages in the executable: everything reached without a step to a dev-dependency."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    reached, waiting = {}, [metadata["resolve"]["root"]]
    while waiting:
        node = nodes[waiting.pop()]
        if node["id"] in reached:
            continue
        reached[node["id"]] = sorted(
            dependency["pkg"]
            for dependency in node["deps"]
            if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"]) and dependency["pkg"] in built
        )
        waiting.extend(reached[node["id"]])
    return reached


def names_of_tree(target):
    """What `cargo tree` says is built: unlike the metadata it leaves out the features that only tests turn on."""
    command = ["cargo", "tree", "--locked", "--edges", "normal,build", "--target", target]
    lines = subprocess.run([*command, "--prefix", "none"], check=True, capture_output=True, text=True).stdout
    return {tuple(line.split()[:2]) for line in lines.splitlines() if line}


def component(package, checksums, kind="library"):
    """One package, as CycloneDX describes it."""
    reference = f"pkg:cargo/{quote(package['name'])}@{quote(package['version'])}"
    described = {
        "type": kind,
        "bom-ref": reference,
        "name": package["name"],
        "version": package["version"],
        "purl": reference,
        # Before SPDX had expressions, crates wrote a slash for "or".
        "licenses": [{"expression": re.sub(r"\s*/\s*", " OR ", package["license"])}],
    }
    if package["description"]:
        described["description"] = " ".join(package["description"].split())
    checksum = checksums[package["name"], package["version"]]
    if checksum:
        described["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package["repository"]:
        described["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return described


def main(target, file):
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target]
    metadata = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    lock = tomllib.loads(pathlib.Path("Cargo.lock").read_text())
    checksums = {(crate["name"], crate["version"]): crate.get("checksum") for crate in lock["package"]}
    built = names_of_tree(target)
    packages = {package["id"]: package for package in metadata["packages"]}
    chosen = {id for id, package in packages.items() if (package["name"], "v" + package["version"]) in built}
    reached = contained(metadata, chosen)
    assert len(reached) == len(built), "cargo metadata and cargo tree disagree on what is built"

    root = metadata["resolve"]["root"]
    described = {id: component(packages[id], checksums, "application" if id == root else "library") for id in reached}
    lacking = [id for id in reached if id != root and "hashes" not in described[id]]
    assert not lacking, f"Cargo.lock has no checksum for {lacking}"
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": described[root]},
        "components": sorted((described[id] for id in reached if id != root), key=lambda each: each["bom-ref"]),
        "dependencies": sorted(
            (
                {"ref": described[id]["bom-ref"], "dependsOn": sorted({described[to]["bom-ref"] for to in reached[id]})}
                for id in reached
            ),
            key=lambda each: each["ref"],
        ),
    }
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert fault is None, fault
    pathlib.Path(file).write_text(text)
    print(f"{file}: {len(document['components'])} crates for {target}")


main(*sys.argv[1:])
