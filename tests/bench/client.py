#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""tests/bench/client.py ROOT CA_FILE TENANT CLIENT SECRET: the poll as somebody would write it in an
afternoon: one request after the other, on one connection, and the sums."""
import http.client
import json
import ssl
import sys
import urllib.parse


def main(root, ca_file, tenant, client, secret):
    host = urllib.parse.urlsplit(root).netloc
    connection = http.client.HTTPSConnection(host, context=ssl.create_default_context(cafile=ca_file))

    def ask(method, url, body=None, headers=()):
        parts = urllib.parse.urlsplit(url)
        connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), body, dict(headers))
        return json.loads(connection.getresponse().read())

    form = urllib.parse.urlencode({"client_id": client, "client_secret": secret, "grant_type": "client_credentials",
                                   "scope": "https://graph.microsoft.com/.default"})
    token = ask("POST", f"/{tenant}/oauth2/v2.0/token", form, {"Content-Type": "application/x-www-form-urlencoded"}.items())["access_token"]
    headers = {"Authorization": f"Bearer {token}"}.items()

    def rows(path):
        url = "/beta/admin/cloudLicensing/" + path
        while url:
            page = ask("GET", url, headers=headers)
            yield from page["value"]
            url = page.get("@odata.nextLink")

    pools = list(rows("allotments"))
    waiting = sum(1 for p in pools for _ in rows(f"allotments/{urllib.parse.quote(p['id'], safe='')}/waitingMembers"))
    errors = sum(1 for _ in rows("assignmentErrors"))
    print(json.dumps({"allotments": len(pools), "allotted_units": sum(p["allottedUnits"] for p in pools),
                      "consumed_units": sum(p["consumedUnits"] for p in pools), "waiting_members": waiting, "assignment_errors": errors}))


main(*sys.argv[1:])
