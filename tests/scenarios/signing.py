# SPDX-License-Identifier: MIT
"""Keys, certificates and signed tokens, made by the openssl program and nothing of ours."""
import base64
import json
import subprocess
import time
import uuid

DAY = 86400


def openssl(*argv, data=None):
    return subprocess.run(["openssl", *map(str, argv)], input=data, capture_output=True, check=True).stdout


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Pair:
    """A certificate and its key, in files NAME.crt and NAME.key. `days` from now it ends; below 0 it has."""

    def __init__(self, directory, name, days=365, password=None):
        directory.mkdir(exist_ok=True, mode=0o700)
        self.certificate, self.key = directory / f"{name}.crt", directory / f"{name}.key"
        self.plain = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        self.certificate.write_bytes(self.sign_itself(directory, name, days))
        text = self.plain
        if password:
            text = openssl("pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:" + password, data=self.plain)
        self.key.touch(mode=0o600)
        self.key.write_bytes(text)
        self.pem = self.certificate.read_text()

    def sign_itself(self, directory, name, days):
        """`openssl req` knows no end in the past; its small authority does."""
        work = directory / f"{name}.ca"
        work.mkdir()
        (work / "index").touch()
        (work / "key").touch(mode=0o600)
        (work / "key").write_bytes(self.plain)
        (work / "conf").write_text(f"""[ca]\ndefault_ca = it\n[it]\ndatabase = {work}/index\nnew_certs_dir = {work}
rand_serial = yes\ndefault_md = sha256\npolicy = any\n[any]\ncommonName = supplied\n""")
        request = openssl("req", "-new", "-key", work / "key", "-subj", f"/CN={name}", "-batch")
        (work / "request").write_bytes(request)
        stamp = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + t * DAY)) for t in (min(days, 0) - 2, days)]
        return openssl("ca", "-config", work / "conf", "-selfsign", "-keyfile", work / "key", "-in", work / "request",
                       "-startdate", stamp[0], "-enddate", stamp[1], "-batch", "-notext")

    def thumbprint(self, hash_name):
        der = openssl("x509", "-in", self.certificate, "-outform", "DER")
        return url64(openssl("dgst", "-" + hash_name, "-binary", data=der))

    def sign(self, header, claims, pss=False, salt=32):
        """The compact form of a JWT, whatever header and claims say."""
        text = ".".join(url64(json.dumps(part).encode()) for part in (header, claims))
        options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", f"rsa_pss_saltlen:{salt}"] if pss else []
        key = self.key.with_suffix(".signing")
        key.touch(mode=0o600)
        key.write_bytes(self.plain)
        signature = openssl("dgst", "-sha256", "-sign", key, *options, data=text.encode())
        return f"{text}.{url64(signature)}"


def claims(audience, issuer, subject=None, begins=-60, lasts=600, **more):
    now = int(time.time())
    return {"aud": audience, "iss": issuer, "sub": subject or issuer, "jti": str(uuid.uuid4()), "nbf": now + begins,
            "iat": now + begins, "exp": now + begins + lasts, **more}
