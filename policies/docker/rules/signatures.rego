# METADATA
# title: Images that were signed
# description: |
#   Where it is asked for, refuses images that nobody has vouched for. A label that says so is worth nothing,
#   since whoever asks writes it: an image counts as signed where its digest is on the list, or where a label
#   holds a token (JWT) that one of the keys has signed over that digest.
# custom:
#   id: signatures
#   severity: medium
#   cis: ["4.5"]
package docker.rules.signatures

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := false

enabled := data.docker.settings.signatures.enabled

# METADATA
# description: |
#   Digests (`sha256:...`) of images that were verified elsewhere.
# custom:
#   setting: true
default digests := []

digests := data.docker.settings.signatures.digests

# METADATA
# description: |
#   The key of those who sign: a PEM certificate or public key, or a JWK set as JSON. Empty: only the
#   list counts.
# custom:
#   setting: true
default certificate := ""

certificate := data.docker.settings.signatures.certificate

# METADATA
# description: |
#   The label of a container that holds the token. Its claim `digest` must be the image's digest.
# custom:
#   setting: true
default label := "image-signature"

label := data.docker.settings.signatures.label

# METADATA
# description: |
#   Algorithms that tokens may be signed with.
# custom:
#   setting: true
default algorithms := ["ES256", "EdDSA", "RS256", "PS256"]

algorithms := data.docker.settings.signatures.algorithms

deny contains msg if {
	looks
	not is_signed
	msg := sprintf("the image %s is not signed: name it by a digest that is", [lib.image_text])
}

looks if {
	enabled
	lib.makes_container
}

is_signed if {
	digest != ""
	digest in digests
}

is_signed if {
	digest != ""
	certificate != ""
	some algorithm in algorithms
	[true, _, claims] = io.jwt.decode_verify(token, {"cert": certificate, "alg": algorithm})
	claims.digest == digest
}

default digest := ""

digest := lib.image.Digest

token := input.Body.Labels[label]
