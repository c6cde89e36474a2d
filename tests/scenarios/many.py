# SPDX-License-Identifier: MIT
"""Many tenants that are alike."""
import re

from harness import CLIENT, CLIENT_SECRET, TENANT, Graph, Scenario


def ident(n):
    return TENANT[:24] + f"{n:012d}"


class Many(Scenario):
    def many(self, n, faults, timeout="16s", concurrency=8, interval="2s", hooks=(), **more):
        """n tenants t1 .. tn that are alike, but for the faults."""
        graph = Graph(self.directory / "graph", {"faults": faults, "tenants": [{
            "id": TENANT, "client_id": CLIENT, "client_secret": CLIENT_SECRET, "copies": n + 1,
            "allotments": [{"id": "p", "skuPartNumber": "SPE_E5", "allottedUnits": 100, "consumedUnits": 50}], **more}]})
        self.peers.append(graph)
        self.configure(graph, hooks, interval=interval)
        secret = self.directory / "secrets/tenant.secret"
        rows = ",\n".join(f'{{ name = "t{i}"; tenant_id = "{ident(i)}"; client_id = "{CLIENT}"; client_secret_file = "{secret}"; '
                          f'graph_url = "{graph.ready["http"]}"; login_url = "{graph.ready["http"]}"; }}' for i in range(1, n + 1))
        text = re.sub(r"tenants = \(.*?\n.*?\);\n", lambda _: f"tenants = ( {rows} );\n", self.config.read_text(), count=1, flags=re.S)
        self.config.write_text(text.replace('timeout = "20s"', f'timeout = "{timeout}"; concurrency = {concurrency}'))
        return graph

    def seen(self, graph, n, endpoint="allotments"):
        """When this tenant's requests came; those that hang are written down at their end only."""
        return [r["started_us"] / 1e6 for r in graph.requests() if r["tenant"] == ident(n) and r["endpoint"] == endpoint]
