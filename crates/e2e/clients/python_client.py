"""The Python client of OPA's REST API does its work on the server at SERVER_URL.

Must not know: how the server is started.
"""

import os
import urllib.parse

import requests
from opa_client.errors import PolicyNotFoundError, RegoParseError
from opa_client.opa import OpaClient

POLICY = """package shop

default allow := false

allow if data.shop_users[input.user].role == "admin"

allow if {
\tinput.method == "GET"
\tdata.shop_users[input.user]
}
"""


def main() -> None:
    url = urllib.parse.urlsplit(os.environ["SERVER_URL"])
    client = OpaClient(host=url.hostname, port=url.port)
    assert client.check_connection() is True
    assert client.check_health() is True
    assert client.check_health({"plugins": True, "bundles": True}) is True

    policies(client)
    data(client)
    decisions(client)
    queries(client)

    assert client.delete_policy("shop") is True
    assert client.get_policies_list() == []
    assert "labels" in client.get_config()["result"]
    assert "http_request_duration_seconds" in str(client.get_metrics())
    client.close_connection()
    print("python client: ok")


def policies(client: OpaClient) -> None:
    assert client.update_policy_from_string(POLICY, "shop") is True
    assert client.get_policies_list() == ["shop"], client.get_policies_list()
    assert client.get_policy("shop")["result"]["raw"] == POLICY
    assert list(client.get_policies_info()) == ["shop"], client.get_policies_info()
    raises(RegoParseError, client.update_policy_from_string, "package broken\n\nallow if {\n", "broken")
    # The client translates old Rego by itself, when the server refuses it as OPA does.
    assert client.update_policy_from_string("package old\n\nallow { input.x }\n", "old") is True
    assert client.query_rule({"x": True}, "old", "allow") == {"result": True}
    assert client.delete_policy("old") is True


def data(client: OpaClient) -> None:
    users = {"alice": {"role": "admin"}, "bob": {"role": "clerk"}}
    assert client.update_or_create_data(users, "shop_users") is True
    assert client.get_data("shop_users") == {"result": users}
    patch = [{"op": "add", "path": "/carol", "value": {"role": "clerk"}}]
    assert client.patch_data("shop_users", patch) is True
    assert client.get_data("shop_users/carol") == {"result": {"role": "clerk"}}
    assert client.delete_data("shop_users/carol") is True
    raises(PolicyNotFoundError, client.get_data, "shop_users/carol")


def decisions(client: OpaClient) -> None:
    def allowed(user: str, method: str) -> bool:
        return client.query_rule({"user": user, "method": method}, "shop", "allow")["result"]

    assert allowed("alice", "POST") is True
    assert allowed("bob", "POST") is False
    assert allowed("bob", "GET") is True
    assert allowed("eve", "GET") is False
    answer = client.query_rule({"user": "bob"}, "shop", "allow", {"metrics": True})
    assert answer["result"] is False and "timer_rego_query_eval_ns" in answer["metrics"], answer


def queries(client: OpaClient) -> None:
    answer = client.ad_hoc_query('data.shop.allow = x', {"user": "alice"})
    assert answer == {"result": [{"x": True}]}, answer
    inputs = {"a": {"user": "alice"}, "b": {"user": "bob"}}
    assert client.bulk_query_rule(inputs, "shop", "allow") == {"a": True, "b": False}
    raises(requests.HTTPError, client.ad_hoc_query, "data.shop.allow = ")


def raises(error: type, function, *arguments) -> None:
    try:
        answer = function(*arguments)
    except error:
        return
    raise AssertionError(f"{arguments}: no {error.__name__} but {answer}")


if __name__ == "__main__":
    main()
