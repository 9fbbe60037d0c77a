package docker.rules_test.signatures

import data.docker.testing

settings := {"enabled": true, "digests": ["sha256:aa"]}

image(digest) := testing.create_with({}, {"Image": object.union(testing.nginx, {"Digest": digest})})

test_off if testing.allowed("signatures", testing.create({}), {})

test_list if {
	testing.allowed("signatures", image("sha256:aa"), settings)
	testing.refused("signatures", image("sha256:bb"), settings, "is not signed")
	testing.refused("signatures", testing.create({}), settings, "is not signed")
	testing.refused("signatures", testing.create({}), {"enabled": true, "digests": [""]}, "is not signed")
	testing.refused("signatures", testing.create_with({}, {"Image": null}), settings, "cannot be read")
	testing.allowed("signatures", testing.reading("container_list"), settings)
}

test_label_is_no_proof if {
	labelled := object.union(image("sha256:bb"), {"Body": {"Labels": {"image-signature": "true", "signature-verified": "true"}}})
	testing.refused("signatures", labelled, settings, "is not signed")
	testing.refused("signatures", labelled, with_key, "is not signed")
}

key := {"kty": "oct", "k": "cG9ydGN1bGxpcy1wb3J0Y3VsbGlzLXBvcnRjdWxsaXM"}

with_key := object.union(settings, {"algorithms": ["RS256", "ES256"], "certificate": certificate})

# The example key of RFC 7515, appendix A.3.
test_token if {
	signed := token({"digest": "sha256:bb"})
	testing.allowed("signatures", labelled_with(signed, "sha256:bb"), with_key)
	testing.refused("signatures", labelled_with(signed, "sha256:cc"), with_key, "is not signed")
	testing.refused("signatures", labelled_with(signed, "sha256:bb"), object.union(with_key, {"certificate": ""}), "is not signed")
	testing.refused("signatures", labelled_with(signed, "sha256:bb"), object.union(with_key, {"algorithms": ["RS256"]}), "is not signed")
	forged := io.jwt.encode_sign({"alg": "HS256"}, {"digest": "sha256:bb"}, key)
	testing.refused("signatures", labelled_with(forged, "sha256:bb"), with_key, "is not signed")
}

labelled_with(signed, digest) := object.union(image(digest), {"Body": {"Labels": {"image-signature": signed}}})

token(claims) := io.jwt.encode_sign({"alg": "ES256"}, claims, private_key)

certificate := json.marshal({"keys": [object.remove(private_key, ["d"])]})

private_key := {"crv": "P-256", "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI", "kty": "EC", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
