# Images that a request names. `input.Image`, taken apart by the gate. Without it no image is on any
# list, so that rules that have one refuse.
package docker.lib

# METADATA
# description: The image of the request; empty where it is not known.
image := input.Image if {
	is_object(input.Image)
} else := {}

# METADATA
# description: The registry and the repository of the image, as a path.
image_place := place if {
	place := sprintf("%s/%s", [image.Registry, image.Repository])
} else := ""

# METADATA
# description: The names of the image, by its tag and by its digest.
image_names contains sprintf("%s:%s", [image_place, image.Tag]) if image.Tag != ""

image_names contains sprintf("%s@%s", [image_place, image.Digest]) if image.Digest != ""

# METADATA
# description: For messages, the image as the request names it.
image_text := image.Reference if {
	is_string(image.Reference)
} else := "whose name cannot be read"
