"""What somebody would test with the fixture of the README."""

import json
import urllib.request


def call(server, method, path, body, headers):
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(server["api_url"] + path, data=data, method=method, headers=headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["data"]


def new_checkout(server):
    key = {"X-API-Key": server["environments"]["test"]["server_key"]}
    body = {"flags": ["new-checkout"], "context": {"user_key": "u1"}}
    return call(server, "POST", "/evaluate", body, key)["evaluations"]["new-checkout"]["value"]


def test_a_flag_is_on(phaseflag):
    assert phaseflag["environments"]["test"]["server_key"] == "sdk-test-checkout"
    assert new_checkout(phaseflag) is True


def test_a_test_changes_a_flag(phaseflag):
    path = f"/flags/new-checkout?environment_id={phaseflag['environments']['test']['id']}"
    token = {"Authorization": "Bearer " + phaseflag["admin"]["token"]}
    call(phaseflag, "PUT", path, {"default_variation": "off"}, token)
    assert new_checkout(phaseflag) is False


def test_the_next_one_does_not_see_it(phaseflag):
    assert new_checkout(phaseflag) is True
