# METADATA
# title: Images that were scanned
# description: |
#   Where it is asked for, refuses images that are not on the list of a scanner, and those with more known
#   vulnerabilities than are borne. The list is data: let the scanner write it.
# custom:
#   id: scanning
#   severity: medium
#   cis: ["4.4"]
package docker.rules.scanning

import data.docker.lib

# METADATA
# description: |
#   Whether the rules of this file are in force.
# custom:
#   setting: true
default enabled := false

enabled := data.docker.settings.scanning.enabled

# METADATA
# description: |
#   Number of known vulnerabilities by image, as `registry/repository:tag` or, better,
#   `registry/repository@sha256:...`, since a tag can move.
# custom:
#   setting: true
default images := {}

images := data.docker.settings.scanning.images

# METADATA
# description: |
#   Most known vulnerabilities that are borne.
# custom:
#   setting: true
default vulnerabilities_max := 0

vulnerabilities_max := data.docker.settings.scanning.vulnerabilities_max

deny contains msg if {
	looks
	not is_scanned
	msg := sprintf("the image %s has not been scanned", [lib.image_text])
}

deny contains msg if {
	looks
	some name in lib.image_names
	found := images[name]
	found > vulnerabilities_max
	msg := sprintf("the image %s has %v known vulnerabilities", [name, found])
}

looks if {
	enabled
	lib.makes_container
}

is_scanned if {
	some name in lib.image_names
	is_number(images[name])
}
