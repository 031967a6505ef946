# Samples, the gallery's pictures and the list of presets: made again by the program itself.
sample_presets := samples samples-paintings samples-textures samples-faces
.PHONY: samples samples-make
## samples: the pictures of samples/, drawn anew from their presets (same bytes with the same JPEG library)
samples: setup-build
	$(Q)$(both) build
	$(Q)$(MAKE) samples-make
# Into build/ first: records and journals stay there.
samples-make: build
	$(Q)set -e; for p in $(sample_presets); do $(program) run presets/$$p.ini -o $(B)/samples; done
	$(Q)for d in photos paintings textures faces drawings; do \
	  mkdir -p samples/$$d && cp $(B)/samples/$$d/* samples/$$d/ || exit 1; done
