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

# A picture of the gallery is PRESET:PHOTO; those of several pictures take all photographs.
gallery := line-drawing:street ink:lake oil:street watercolour:lake pointillist:coast woodcut:alley sketch:kitchen comic:alley \
           poster:fruit newsprint:room duotone:evening one-colour:fruit film-gold:room film-slide:coast film-silver:lake vintage:street \
           cross-process:meadow soft-focus:kitchen glow:evening tilt-shift:alley before-after:mist watermark:evening frame:dunes \
           texture-overlay:meadow stylise:coast random-styles:fruit blended-styles:meadow palette-and-grain:lake deep-style:coast \
           keep-colours:lake masked-background:fruit energy-table:fruit gram:street direct:coast \
           video-frames:dunes
gallery_all := contact-sheet
gallery_faces := face-hair face-complexion face-between face-style face-by-hand
face_drawings := samples/drawings/face-14.png samples/drawings/face-15.png samples/drawings/face-22.png
strip    := lake fruit street
choice   := photos/coast photos/room photos/street paintings/knife paintings/wash paintings/oil \
            textures/leaves textures/mosaic textures/stone faces/face-3 faces/face-14 drawings/face-14
# The strip at the top of README.md: a photograph each through these.
show := glow vintage comic sketch
# And in the manner of these paintings.
manners := swirls oil impression woodcut
.PHONY: gallery gallery-make presets-readme
## gallery: the pictures of samples/gallery, each made by its preset, and presets/README.md
gallery: setup-build
	$(Q)$(both) build
	$(Q)$(MAKE) gallery-make
	$(Q)$(MAKE) presets-readme
# A photograph goes in under the name of its preset, and so comes out under it.
gallery-make: build
	$(Q)rm -rf $(B)/gallery && mkdir -p $(B)/gallery/in $(B)/gallery/strip
	$(Q)set -e; cd $(B)/gallery; for g in $(gallery); do cp $(CURDIR)/samples/photos/$${g#*:}.jpg in/$${g%:*}.jpg; \
	  $(CURDIR)/$(program) run $(CURDIR)/presets/$${g%:*}.ini in/$${g%:*}.jpg -o full; done
	$(Q)set -e; for p in $(gallery_all); do $(program) run presets/$$p.ini samples/photos -o $(B)/gallery/full; done
	$(Q)mv $(B)/gallery/full/random-styles-1.jpg $(B)/gallery/full/random-styles.jpg
	$(Q)$(program) run presets/what-is-it-made-of.ini samples/textures -o $(B)/gallery/full --set sheet.name=what-is-it-made-of.png
	$(Q)$(program) run presets/made-of-filters.ini -o $(B)/gallery/full
	$(Q)set -e; for p in $(gallery_faces); do $(program) run presets/$$p.ini $(face_drawings) -o $(B)/gallery/full --set out.name=$$p.png; done
	$(Q)set -e; for p in face drawing-to-painting; do cp samples/drawings/face-15.png $(B)/gallery/in/$$p.png; \
	  $(program) run presets/$$p.ini $(B)/gallery/in/$$p.png -o $(B)/gallery/full; done
	$(Q)cp samples/textures/leaves.jpg $(B)/gallery/in/texture-from-photo.jpg
	$(Q)$(program) run presets/texture-from-photo.ini $(B)/gallery/in/texture-from-photo.jpg -o $(B)/gallery/full
	$(Q)$(program) run presets/web.ini $(B)/gallery/full -o $(B)/gallery/small --set small.long_edge=480 --set out.quality=82
	$(Q)set -e; for f in $(strip); do cp samples/photos/$$f.jpg $(B)/gallery/strip/$$f-0.jpg; n=0; for p in $(show); do n=$$((n + 1)); \
	  $(program) run presets/$$p.ini samples/photos/$$f.jpg -o $(B)/gallery/strip-$$p; cp $(B)/gallery/strip-$$p/$$f.* $(B)/gallery/strip/; \
	  (cd $(B)/gallery/strip && for o in $$f.*; do mv $$o $$f-$$n.$${o##*.}; done); done; done
	$(Q)$(program) run presets/contact-sheet.ini $(B)/gallery/strip -o $(B)/gallery/small --set out.name=presets.jpg --set sheet.columns=5 \
	  --set sheet.labels=no --set sheet.gap=4 --set sheet.background=#ffffff
	$(Q)set -e; mkdir -p $(B)/gallery/manners; n=0; for p in $(manners); do n=$$((n + 1)); for f in $(strip); do \
	  cp samples/photos/$$f.jpg $(B)/gallery/manners/$$f-0.jpg; \
	  $(program) run presets/stylise.ini samples/photos/$$f.jpg -o $(B)/gallery/manners --set vars.size=512 \
	    --set vars.painting=samples/paintings/$$p.jpg --set out.name="{stem}-$$n.jpg"; done; done
	$(Q)$(program) run presets/contact-sheet.ini $(B)/gallery/manners -o $(B)/gallery/small --set out.name=manners.jpg --set sheet.columns=5 \
	  --set sheet.labels=no --set sheet.gap=4 --set sheet.background=#ffffff
	$(Q)$(program) run presets/contact-sheet.ini $(foreach f,$(choice),$(wildcard samples/$f.*)) -o $(B)/gallery/small --set out.name=samples.jpg \
	  --set sheet.columns=6 --set sheet.labels=no --set sheet.gap=4 --set sheet.background=#ffffff
	$(Q)mkdir -p samples/gallery && cp $(B)/gallery/small/*.jpg samples/gallery/
# TO: where the list is written, for the test that it is up to date.
TO ?= presets/README.md
presets-readme:
	$(Q)export LC_ALL=C; { printf '# Presets\n\nEach runs as `impasto run NAME photos/ -o out/`; `--set NODE.KEY=VALUE` changes a key of one. This list comes from their\n'; \
	  printf 'titles: `make presets-readme`.\n\n| preset | what it makes | |\n|---|---|---|\n'; \
	  for f in presets/*.ini; do n=$$(basename $$f .ini); p=samples/gallery/$$n.jpg; \
	    printf '| [%s](%s.ini) | %s | %s |\n' $$n $$n "$$(sed -n '/^title *= */{s///p;q}' $$f)" "$$([ ! -e $$p ] || echo "![$$n](../$$p)")"; done; } >$(TO)
