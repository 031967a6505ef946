# Reports that take long and need data of one's own.
.PHONY: repro-inversion
## repro-inversion: anchors and claims of inversion into tests/repro/inversion.md (DATA=DIR; parts that are done are kept)
repro-inversion: setup-build
	$(Q)test -n '$(DATA)' || { echo 'repro-inversion: DATA=DIR with weights/ and images/' >&2; exit 2; }
	$(Q)$(both) build
	$(Q)tests/repro/inversion.sh '$(DATA)' $(B)/repro tests/repro/inversion.md $(program)
