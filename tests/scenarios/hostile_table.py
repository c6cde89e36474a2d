# SPDX-License-Identifier: MIT
"""What is said instead of the good answer g: by endpoint, the name of each case and who makes it. A
lone bytes object is sent and the connection closed; one in a tuple is sent, and then there is silence."""
import base64
import functools
import gzip
import json
import re

from hostile import answer
from hostile_graph import SECRET, good


def packed(text, level=9):
    return gzip.compress(text, level)


@functools.cache
def bomb():
    return packed(b'{"value":[' + b" " * (64 << 20) + b"]}", 1)


def rows_of(change):
    return lambda g: g.with_rows(change)


def poorer(row):
    """The same row with other numbers: what a false all-clear is made of."""
    row = dict(row)
    for key, value in row.items():
        if isinstance(value, int):
            row[key] = 0
        elif isinstance(value, list):
            row[key] = []
    return row


JSON = {
    "empty": lambda g: answer(b""),
    "only white space": lambda g: answer(b" \r\n\t" * 100),
    "half": lambda g: answer(g.body[:len(g.body) // 2]),
    "all but the last byte": lambda g: answer(g.body.rstrip()[:-1]),
    "two byte order marks": lambda g: answer(b"\xef\xbb\xbf" * 2 + g.body),
    "UTF-16": lambda g: answer(g.body.decode().encode("utf-16")),
    "UTF-32": lambda g: answer(g.body.decode().encode("utf-32")),
    "a byte that no UTF-8 has": lambda g: g.with_member('"x":"@"').replace(b'"@"', b'"\xff"'),
    "overlong UTF-8": lambda g: g.with_member('"x":"@@"').replace(b'"@@"', b'"\xc0\xaf"'),
    "surrogate in UTF-8": lambda g: g.with_member('"x":"@@@"').replace(b'"@@@"', b'"\xed\xa0\x80"'),
    "lone surrogate": lambda g: g.with_member(r'"x":"\ud800"'),
    "escaped NUL": lambda g: g.with_member(r'"x":"\u0000"'),
    "NUL byte": lambda g: answer(g.body[:20] + b"\0" + g.body[20:]),
    "NUL behind the end": lambda g: answer(g.body + b"\0"),
    "control character in a string": lambda g: g.with_member('"x":"a\x01b"'),
    "bad escape": lambda g: g.with_member(r'"x":"\q"'),
    "list twice": lambda g: answer(b'{"value":[],' + g.body.lstrip()[1:]),
    "list twice, the second spelt with escapes": lambda g: answer(b'{"\\u0076alue":[],' + g.body.lstrip()[1:]),
    "member twice": lambda g: g.with_member('"id":"x"'),
    "depth 33": lambda g: g.with_member('"x":' + "[" * 33 + "]" * 33),
    "depth 10000": lambda g: g.with_member('"x":' + "[" * 10000 + "]" * 10000),
    "depth 10000, never closed": lambda g: answer(b'{"value":' + b"[" * 10000),
    "objects without end": lambda g: answer(b'{"value":' * 10000),
    "trailing garbage": lambda g: answer(g.body + b"x"),
    "two values": lambda g: answer(g.body + b'{"value":[]}'),
    "another value in front": lambda g: answer(b'{"value":[]}' + g.body),
    "comment": lambda g: answer(b"/* fine */" + g.body),
    "line comment": lambda g: answer(b"// fine\n" + g.body),
    "single quotes": lambda g: answer(g.body.replace(b'"', b"'")),
    "bare names": lambda g: answer(re.sub(rb'"(\w+)":', rb"\1:", g.body)),
    "comma behind the last": lambda g: answer(g.body.rstrip()[:-1] + b",}"),
    "NaN": lambda g: g.with_member('"x":NaN'),
    "Infinity": lambda g: g.with_member('"x":-Infinity'),
    "hexadecimal": lambda g: g.with_member('"x":0x10'),
    "leading zero": lambda g: g.with_member('"x":007'),
    "a number of 10,000 digits": lambda g: g.with_member('"x":' + "9" * 10000),
    "1e400": lambda g: g.with_member('"x":1e400'),
    "a string of 1 MiB": lambda g: g.with_member('"x":"' + "a" * (1 << 20) + '"'),
    "100,000 members": lambda g: g.with_member(",".join(f'"x{i}":{i}' for i in range(100000))),
    "9 MiB": lambda g: g.with_member('"x":"' + "a" * (9 << 20) + '"'),
    "true": lambda g: answer(b"true"),
    "null": lambda g: answer(b"null"),
    "a number": lambda g: answer(b"0"),
    "a string": lambda g: answer(b'"value"'),
    "an empty list": lambda g: answer(b"[]"),
    "an empty object": lambda g: answer(b"{}"),
    "JSON lines": lambda g: answer(b'{"value":[]}\n{"value":[]}\n'),
    "XML": lambda g: answer(b"<?xml version='1.0'?><feed/>"),
}

ERROR = b'{"code":"generalException","message":"x"}'
SHAPE = {
    "list null": lambda g: answer(b'{"value":null}'),
    "list an object": lambda g: answer(b'{"value":{}}'),
    "list a string": lambda g: answer(b'{"value":"[]"}'),
    "list a number": lambda g: answer(b'{"value":0}'),
    "list false": lambda g: answer(b'{"value":false}'),
    "list of lists": lambda g: answer(b'{"value":[[],[]]}'),
    "list of scalars": lambda g: answer(b'{"value":[1,"x",null,true]}'),
    "list of empty rows": lambda g: answer(b'{"value":[{},{},{}]}'),
    "list within a list": lambda g: answer(b'{"value":{"value":[]}}'),
    "another letter case": lambda g: answer(b'{"Value":[]}'),
    "an error in a 200": lambda g: answer(b'{"error":' + ERROR + b"}"),
    "an error beside an empty list": lambda g: answer(b'{"error":' + ERROR + b',"value":[]}'),
    "an error behind an empty list": lambda g: answer(b'{"value":[],"error":' + ERROR + b"}"),
    "all without an id": rows_of(lambda rows: [{k: v for k, v in r.items() if k != "id"} for r in rows]),
    "all with an id that is null": rows_of(lambda rows: [{**r, "id": None} for r in rows]),
    "all with an empty id": rows_of(lambda rows: [{**r, "id": ""} for r in rows]),
    "all with an id that is a number": rows_of(lambda rows: [{**r, "id": 7} for r in rows]),
    "all with an id of 4 KiB": rows_of(lambda rows: [{**r, "id": "i" * 4096} for r in rows]),
    "nothing but ids": rows_of(lambda rows: [{"id": r["id"]} for r in rows]),
    "every member null": rows_of(lambda rows: [{**{k: None for k in r}, "id": r["id"]} for r in rows]),
    "every member a number": rows_of(lambda rows: [{**{k: 7 for k in r}, "id": r["id"]} for r in rows]),
    "every member an object": rows_of(lambda rows: [{**{k: {} for k in r}, "id": r["id"]} for r in rows]),
    "every row twice": rows_of(lambda rows: rows + rows),
    "every row a thousand times": rows_of(lambda rows: rows * 1000),
}

NUMBERS = ["1e400", "-1", "1.5", "2147483648", "-2147483649", "9223372036854775808", "1e-400", '"12"', "true", "null", "[]", "{}", "0.0000001"]
ALLOTMENTS = {
    **{f"{key} {n}": lambda g, key=key, n=n: answer(re.sub(rb'("%sUnits": ?)\d+' % key.encode(), rb"\g<1>" + n.encode(), g.body))
       for key in ("consumed", "allotted") for n in NUMBERS},
    "another row of the same id behind": rows_of(lambda rows: rows + [poorer(r) for r in rows]),
    "another row of the same id in front": rows_of(lambda rows: [poorer(r) for r in rows] + rows),
    "words nobody knows": rows_of(lambda rows: [{**r, "assignableTo": "unknownFutureValue"} for r in rows]),
    "waiting members null": rows_of(lambda rows: [{**r, "waitingMembers": None} for r in rows]),
    "waiting members a word": rows_of(lambda rows: [{**r, "waitingMembers": "none"} for r in rows]),
    "waiting members an object": rows_of(lambda rows: [{**r, "waitingMembers": {}} for r in rows]),
    "waiting members without ids": rows_of(lambda rows: [{**r, "waitingMembers": [{}]} for r in rows]),
    "empty": lambda g: answer(b'{"value":[]}'),
}
ROWS = {"another spelling of the list": lambda g: answer(g.body.replace(b'"value"', b'"values"'))}


def link(text):
    """Of `text`, {f} is the foreign root, {g} the one on ::1, {o} our own, {p} our own port, {t} the request's target."""
    def make(g):
        return g.with_link(text.format(**names(g)))
    return make


def names(g):
    four, six = (f.root for f in g.foreign)
    return {"f": four, "F": four[7:], "fp": four.rsplit(":", 1)[1], "g": six, "six": six.rsplit(":", 1)[1], "o": g.root,
            "p": g.root.rsplit(":", 1)[1], "t": g.target, "q": g.target.split("?")[0]}


LINKS = {
    "foreign": link("{f}{t}"), "foreign over IPv6": link("{g}{t}"), "foreign by name": link("http://localhost:{six}{t}"),
    "https on our port": link("https://127.0.0.1:{p}{t}"), "another port": link("http://127.0.0.1:{fp}{t}"),
    "port 0": link("http://127.0.0.1:0{t}"), "no port": link("http://127.0.0.1{t}"), "port 99999": link("http://127.0.0.1:99999{t}"),
    "user name": link("http://user@127.0.0.1:{p}{t}"), "our host as user name": link("http://127.0.0.1:{p}@{F}{t}"),
    "our host and a prefix as user name": link("http://127.0.0.1:{p}/beta@{F}{t}"), "two at signs": link("http://127.0.0.1:{p}@x@{F}{t}"),
    "our host as prefix of a host": link("http://127.0.0.1.nip.invalid:{p}{t}"), "our port as prefix of a host": link("{o}.invalid{t}"),
    "backslash": link("http://{F}\\@127.0.0.1:{p}{t}"), "backslashes for slashes": link("http:\\\\{F}\\beta"), "a backslash behind": link("{o}\\@{F}{t}"),
    "blank in front": link(" {f}{t}"), "blank in ours": link("{o} @{F}{t}"), "tab within": link("http://\t{F}{t}"), "line end within": link("{o}{t}\r\nHost: {F}"),
    "fragment": link("{o}#@{F}{t}"), "fragment behind": link("{o}{t}#x"), "no path": link("{o}"), "query for a path": link("{o}?@{F}{t}"),
    "another version": link("{o}/v1.0/admin"), "prefix of the prefix": link("{o}/betax{t}"), "dots": link("{o}/beta/../v1.0/x"),
    "encoded dots": link("{o}/beta/%2e%2E/v1.0"), "encoded slash": link("{o}/beta%2f..%2fv1.0"), "another letter case of the path": link("{o}/BETA/admin"),
    "relative": link("{t}"), "without a scheme": link("//{F}{t}"), "three slashes": link("http:///{F}{t}"), "one slash": link("http:/{F}{t}"),
    "data": link('data:application/json,{{"value":[]}}'), "file": link("file:///etc/passwd"), "file on a host": link("file://{F}/x"),
    "javascript": link("javascript:alert(1)"), "gopher": link("gopher://{F}/_x"), "ftp": link("ftp://{F}/x"), "ws": link("ws://{F}/x"),
    "another letter case of a foreign link": link("HTTP://{F}{t}"), "20 kB": lambda g: g.with_link(f"{g.root}{g.target}&x=" + "a" * 20000),
    "a host of 20 kB": lambda g: g.with_link("http://" + "a." * 10000 + "/beta"), "host beyond ASCII": link("http://127。0。0。2:{fp}{t}"),
    "IDN host": link("http://gräph.invalid{t}"), "encoded host": link("http://127%2e0.0.2:{fp}{t}"), "encoded at sign": link("{o}%40{F}{t}"),
    "trailing dot": link("http://127.0.0.2.:{fp}{t}"), "our host with a dot": link("http://127.0.0.1.:{p}{t}"),
    "host as a number": link("http://2130706434:{fp}{t}"), "host in hexadecimal": link("http://0x7f000002:{fp}{t}"),
    "host in octal": link("http://0177.0.0.2:{fp}{t}"), "short host": link("http://127.2:{fp}{t}"), "mapped into IPv6": link("http://[::ffff:127.0.0.2]:{fp}{t}"),
    "zone": link("http://[::1%25lo]:{six}{t}"), "empty": link(""), "a blank": link(" "), "its own again": link("{o}{t}"), "a page that is not there": link("{o}{q}?$skiptoken=x"),
    "a number": lambda g: g.with_link(1), "a list": lambda g: g.with_link([]), "an object": lambda g: g.with_link({}), "false": lambda g: g.with_link(False),
    "twice": lambda g: answer(f'{{"value":[],"@odata.nextLink":"{g.root}{g.target}","@odata.nextLink":"{g.foreign[0].root}{g.target}"}}'.encode()),
    "a circle of two": lambda g: g.with_link(f"{g.root}{g.target.split('?')[0]}?{'b' if g.target.endswith('?a') else 'a'}"),
}
NESTED = {f"within a row: {name}": (lambda g, make=make: nested(g, make)) for name, make in LINKS.items()
          if name in ("foreign", "foreign over IPv6", "our host as user name", "relative", "a number", "its own again", "backslash", "data", "dots")}


def nested(g, make):
    bad = json.loads(make(g).split(b"\r\n\r\n", 1)[1])["@odata.nextLink"]
    return g.with_rows(lambda rows: [{**r, "waitingMembers": [], "waitingMembers@odata.nextLink": bad} for r in rows])


def plain(g, *headers):
    return answer(g.body, "200 OK", *headers)


def status(text, *headers, body=b'{"value":[]}', **more):
    return lambda g: answer(body, text, *(h.format(**names(g)) for h in headers), **more)


def header(*lines, body=None):
    """The good answer, with a header that wants something."""
    return lambda g: plain(g, *(h.format(**names(g)) for h in lines))


def challenge(text):
    return status("401 Unauthorized", f"WWW-Authenticate: {text}", body=b'{"error":' + ERROR + b"}")


CLAIMS = base64.b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"1"}}}').decode()
HTTP = {
    **{f"{code} to a foreign host": status(f"{code} Moved", "Location: {f}{t}") for code in (300, 301, 302, 303, 307, 308)},
    "302 to ourselves": status("302 Found", "Location: {o}{t}"), "302 to a file": status("302 Found", "Location: file:///etc/passwd"),
    "302 to nowhere": status("302 Found"), "304": status("304 Not Modified", body=b"", length=""), "305": status("305 Use Proxy", "Location: {f}"),
    "200 with a Location": lambda g: answer(b"", "200 OK", f"Location: {g.foreign[0].root}/"), "201": status("201 Created", "Location: {f}{t}"),
    "202": status("202 Accepted"), "203": status("203 Non-Authoritative Information"), "204": status("204 No Content", body=b"", length=""), "205": status("205 Reset Content"),
    "206": lambda g: answer(g.body[:40], "206 Partial Content", f"Content-Range: bytes 0-39/{len(g.body)}"), "226": status("226 IM Used"),
    "HTML": lambda g: answer(b"<!DOCTYPE html><html><title>Sign in</title></html>", kind="text/html"),
    "a refresh in HTML": lambda g: answer(f'<meta http-equiv="refresh" content="0;url={g.foreign[0].root}">'.encode(), kind="text/html"),
    "JSON called HTML": lambda g: answer(b'{"value":[]}', kind="text/html"), "JSON without a name": lambda g: answer(g.body, kind=None),
    "a wrong type of 8 KiB": lambda g: answer(b'{"value":[]}', kind="x/" + "y" * 8192),
    "100 a thousand times": lambda g: b"HTTP/1.1 100 Continue\r\n\r\n" * 1000 + answer(b""),
    "100 and then silence": lambda g: (b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,),
    "early hints": lambda g: f"HTTP/1.1 103 Early Hints\r\nLink: <{g.foreign[0].root}>; rel=preload\r\n\r\n".encode() + answer(b""),
    "101": lambda g: (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + g.body,),
    "length too large": lambda g: answer(b'{"value":[]}', length=13), "length too large, and silence": lambda g: (answer(b'{"value":[]}', length=13),),
    "length too small": lambda g: answer(g.body, length=len(g.body) // 2), "length 0": lambda g: answer(g.body, length=0), "length negative": lambda g: answer(g.body, length=-1),
    "length a word": lambda g: answer(b'{"value":[', length="ten"), "two lengths": lambda g: answer(g.body, "200 OK", "Content-Length: 12"),
    "length of 2^64": lambda g: answer(g.body, length=1 << 64), "length of 1 TiB": lambda g: answer(g.body, length=1 << 40),
    "chunk size a word": lambda g: answer(b"zz\r\n" + g.body, "200 OK", "Transfer-Encoding: chunked", length=""),
    "chunk of 2^64": lambda g: answer(b"fffffffffffffffff\r\n" + g.body, "200 OK", "Transfer-Encoding: chunked", length=""),
    "chunks without an end": lambda g: answer(b'c\r\n{"value":[]}\r\n', "200 OK", "Transfer-Encoding: chunked", length=""),
    "chunk cut short": lambda g: answer(b'ff\r\n{"value":[]}', "200 OK", "Transfer-Encoding: chunked", length=""),
    "chunked, and a length": lambda g: answer(b'4\r\n{"va\r\n0\r\n\r\n', "200 OK", "Transfer-Encoding: chunked", length=12),
    "gzip bomb": lambda g: answer(bomb(), "200 OK", "Content-Encoding: gzip"),
    "gzip cut": lambda g: answer(packed(g.body)[:-12], "200 OK", "Content-Encoding: gzip"), "gzip that is none": lambda g: answer(g.body, "200 OK", "Content-Encoding: gzip"),
    "gzip with a wrong sum": lambda g: answer(packed(b'{"value":[]}')[:-8] + b"\0" * 8, "200 OK", "Content-Encoding: gzip"),
    "gzip twice, said once": lambda g: answer(packed(packed(g.body)), "200 OK", "Content-Encoding: gzip"), "gzip and not said": lambda g: answer(packed(g.body)),
    "gzip many times": lambda g: answer(g.body, "200 OK", "Content-Encoding: " + ", ".join(["gzip"] * 100)), "encoding unknown": lambda g: answer(g.body, "200 OK", "Content-Encoding: zz"),
    "two gzip members": lambda g: answer(packed(b'{"value":[') + packed(b"]"), "200 OK", "Content-Encoding: gzip"),
    "a header of 70 KiB": lambda g: answer(b'{"value":[', "200 OK", "X: " + "a" * 70000), "a header of 1 MiB": lambda g: answer(b'{"value":[]}', "200 OK", "X: " + "a" * (1 << 20)),
    "10,000 headers": lambda g: answer(b'{"value":[', "200 OK", *[f"X{i}: y" for i in range(10000)]), "headers without end": lambda g: (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100000,),
    "NUL in a header": lambda g: answer(b'{"value":[]}', "200 OK", "X: a\0b"), "header without a colon": lambda g: answer(b'{"value":[', "200 OK", "nonsense"),
    "folded header": lambda g: answer(b'{"value":[', "200 OK", "X: a\r\n b"), "status of four digits": status("2000 OK"), "status a word": status("fine"), "status 0": status("0 OK"), "status 999": status("999 No"),
    "another protocol": lambda g: b"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/9.9": lambda g: b"HTTP/9.9 200 OK\r\n\r\n", "ICY": lambda g: b"ICY 200 OK\r\n\r\n" + b'{"value":[]}',
    "HTTP/0.9": lambda g: b'{"value":[]}', "TLS alert": lambda g: b"\x15\x03\x03\x00\x02\x02\x28", "nothing": lambda g: b"", "half a header": lambda g: b"HTTP/1.1 200 OK\r\nContent-Ty",
    "401": status("401 Unauthorized", body=b"{}"), "401 with another authority": challenge('Bearer realm="", authorization_uri="{f}/authorize", error="invalid_token"'),
    "401 with claims": challenge(f'Bearer error="insufficient_claims", claims="{CLAIMS}"'), "401 with claims that are none": challenge('Bearer error="insufficient_claims", claims="%%%"'),
    "401 with claims of 10 kB": challenge('Bearer error="insufficient_claims", claims="' + "e30K" * 2500 + '"'), "401 with an open quote": challenge('Bearer claims="' + '\\"' * 300),
    "401 for another scheme": challenge("Negotiate"), "401 for Basic": challenge('Basic realm="x"'), "407": status("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="x"'),
    **{f"{code} {name}": status(f"{code} No", f"Retry-After: {wait}") for code in (429, 503) for name, wait in
       {"for 10^30 s": "9" * 30, "for -5 s": "-5", "until 9999": "Fri, 31 Dec 9999 23:59:59 GMT", "for a word": "soon", "for 1e9 s": "1e9", "for nothing": ""}.items()},
    "400": status("400 Bad Request", body=b"<html>"), "403": status("403 Forbidden"), "404": status("404 Not Found"), "410": status("410 Gone"), "418": status("418 I'm a teapot"),
    "500": status("500 Oops", body=b"\xff" * 5000), "501": status("501 Not Implemented"), "an empty list in a 500": status("500 Oops"), "an empty list in a 502": status("502 Bad Gateway"),
    "refresh": header("Refresh: 0; url={f}"), "another service": header('Alt-Svc: h2="{F}", http/1.1="{F}"; ma=9'), "cookies": header("Set-Cookie: a=b; Domain=127.0.0.2", "Set-Cookie: " + "c" * 5000),
    "only over TLS": header("Strict-Transport-Security: max-age=31536000; includeSubDomains"), "links": header("Link: <{f}{t}>; rel=next", "Content-Location: {f}{t}"),
    "a proxy": header("Proxy-Connection: x", "Location: {f}{t}", "X-Forwarded-Host: {F}"), "the year 9999": header("Date: Fri, 31 Dec 9999 23:59:59 GMT"), "1970": header("Date: Thu, 01 Jan 1970 00:00:00 GMT"),
    "a request id of colours": header("request-id: \x1b[31mx", "client-request-id: " + "y" * 4000),
}


def token(**change):
    """The good token answer with other members; ... leaves one out."""
    def make(g):
        doc = {**g.json, **change}
        return answer(json.dumps({k: v for k, v in doc.items() if v is not ...}).encode())
    return make


TOKEN = {
    "no token": token(access_token=...), "token null": token(access_token=None), "token a number": token(access_token=1), "token empty": token(access_token=""),
    "token with a line end": token(access_token="a\r\nX-Y: z"), "token with a blank": token(access_token="a b"), "token beyond ASCII": token(access_token="tök"),
    "token of 16 KiB and one": token(access_token="a" * 16385), "token of 1 MiB": token(access_token="a" * (1 << 20)), "token that nobody issued": token(access_token="a.b.c"),
    "token of blanks": token(access_token=" " * 50), "token of DEL": token(access_token="\x7f"), "token a list": token(access_token=["x"]), "token with an escape": token(access_token="\x1b[31m"),
    "no type": token(token_type=...), "another type": token(token_type="mac"), "type null": token(token_type=None), "type of two": token(token_type="Bearer, mac"),
    **{f"ends in {str(e)[:12]}": token(expires_in=e) for e in (0, -1, "x", None, True, [], 1.5, 1 << 63, -(1 << 63), "9" * 400, "-1", "")},
    "ends in 1e99": lambda g: answer(re.sub(rb'("expires_in": ?)\d+', rb"\g<1>1e99", g.body)), "no end": token(expires_in=...), "ends long ago": token(expires_in=..., expires_on="1"),
    "renewal in -1": token(refresh_in=-1), "another resource": token(resource="http://127.0.0.2", scope="x", token_type="bearer"), "a refresh token": token(refresh_token="x", id_token="y"),
    "an error beside the token": token(error="invalid_client", error_codes=[7000215]),
    "an error with odd numbers": status("400 Bad Request", body=b'{"error":"invalid_client","error_codes":[1e99,-1,"x",7000215.5,null,[],99999999999]}'),
    "an error with 100,000 numbers": status("400 Bad Request", body=json.dumps({"error": "x", "error_codes": [1] * 100000}).encode()),
    "an error of colours": status("401 Unauthorized", body=json.dumps({"error": "\x1b[31m\n\u202e", "correlation_id": "\r\nX: y"}).encode()),
    "an error that is none": status("400 Bad Request", body=b'{"error":{"code":1}}'), "an error with a link": status("400 Bad Request", body=b'{"error":"x","error_uri":"http://127.0.0.2/"}'),
}


def table(**families):
    return {f"{family}: {name}": make for family, cases in families.items() for name, make in cases.items()}


LISTS = table(json=JSON, shape=SHAPE, link=LINKS, http=HTTP)
FIRST = {"allotments": {**LISTS, **table(row=ALLOTMENTS, link=NESTED)}, "waitingMembers": {**LISTS, **table(row=ROWS)},
         "assignmentErrors": {**LISTS, **table(row=ROWS)}, "token": table(json=JSON, http=HTTP, token=TOKEN)}


# ---- members of a row, one wrong at a time ----

VALUES = ["null", "7", "-1", "1.5", "2147483648", "9223372036854775808", "1e400", '"x"', '""', "true", "[]", "{}"]
NULLABLE = ("planName", "message", "nextLifecycleDateTime", "waitingSinceDateTime")  # the documentation lets them be null, or we need none
MARK = "@member@"


def paths(value, here=()):
    """Every member of a row, and of the objects and the first elements within."""
    for key, inner in value.items():
        yield (*here, key)
        inner, at = (inner[0], (*here, key, 0)) if isinstance(inner, list) and inner else (inner, (*here, key))
        if isinstance(inner, dict):
            yield from paths(inner, at)


def changed(row, path, value):
    """A copy of the row with another value, or without the member."""
    row = json.loads(json.dumps(row))
    at = row
    for step in path[:-1]:
        at = at[step]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = MARK
    return row


def same_kind(value, text):
    """What JSON says here is a good value, or one that Graph may well have."""
    kinds = {bool: ("true",), int: ("7",), str: ('"x"',), list: ("[]",), dict: ()}
    return text in kinds[type(value)]


def with_wrong(path, text, at):
    def make(g):
        doc = json.loads(g.body)
        rows = doc["value"] if "value" in doc else doc["passwordCredentials"]
        rows[at % len(rows)] = changed(rows[at % len(rows)], path, text)
        return answer(json.dumps(doc).replace(f'"{MARK}"', text or "").encode())
    return make


def members(rows, values=VALUES, legal=NULLABLE):
    """Each member of each kind of row with each value that it must not have."""
    cases = {}
    for path in paths(rows[0]):
        value = rows[0]
        for step in path:
            value = value[step]
        for text in [None, *values]:
            if text in (None, "null") and path[-1] in legal or text is not None and same_kind(value, text):
                continue
            at = len(cases) % len(rows)
            cases[f"{'.'.join(map(str, path))} {'is missing' if text is None else text} in row {at}"] = with_wrong(path, text, at)
    return cases


def rows(endpoint, *values):
    """The table of a list, with what its rows must not be."""
    return {**LISTS, **table(row={**ROWS, **members(good(endpoint, 0), values or VALUES)})}


OLDER = {"subscribedSkus": rows("subscribedSkus"), "subscribedSkus next": LISTS, "subscriptions": rows("subscriptions"),
         "licenseDetails of users": rows("licenseDetails"), "application": table(json=JSON, http=HTTP, row=members([SECRET]))}
OF_USERS = {**{name + " next": LISTS for name in ("allotments", "assignmentErrors", "waitingMembers")},
         "usageRights of users": rows("usageRights"),
         **{f"{what} of users": rows(what, "7", "{}") for what in ("assignments", "waitingMembers", "assignmentErrors")}}
OF_GROUPS = {**{name: table(row=members([*good(name, 0), *good(name, 1)], legal=(*NULLABLE, "skuId", "skuPartNumber"))) for name in ("allotments", "assignmentErrors", "waitingMembers")},
          "usageRights of groups": rows("usageRights"), "assignments of groups": rows("assignments", "7", "{}")}
ARC = {"no challenge": status("401 Unauthorized"), "an empty one": status("401 Unauthorized", "WWW-Authenticate:"),
       "another scheme": status("401 Unauthorized", "WWW-Authenticate: Bearer realm=x"),
       "a key elsewhere": status("401 Unauthorized", "WWW-Authenticate: Basic realm=/etc/passwd"),
       "a key of 100 kB": status("401 Unauthorized", "WWW-Authenticate: Basic realm=/" + "a" * 100000),
       "dots": status("401 Unauthorized", "WWW-Authenticate: Basic realm=/var/opt/azcmagent/tokens/../x.key"),
       "two": status("401 Unauthorized", "WWW-Authenticate: Basic realm=/a.key", "WWW-Authenticate: Basic realm=/b.key"),
       "a key that is not there": status("401 Unauthorized", "WWW-Authenticate: Basic realm=/var/opt/azcmagent/tokens/none.key")}
SIGN_INS = {name: FIRST["token"] for name in ("assertion", "identity", "Arc token")} | {"Arc challenge": table(json=JSON, http=HTTP, arc=ARC)}
