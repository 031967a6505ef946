# Reports that take long and need data of one's own.
.PHONY: repro-inversion
## repro-inversion: anchors and claims of inversion into tests/repro/inversion.md (DATA=DIR; parts that are done are kept)
repro-inversion: setup-build
	$(Q)test -n '$(DATA)' || { echo 'repro-inversion: DATA=DIR with weights/ and images/' >&2; exit 2; }
	$(Q)$(both) build
	$(Q)tests/repro/inversion.sh '$(DATA)' $(B)/repro tests/repro/inversion.md $(program)
.PHONY: repro-pruning
## repro-pruning: experiments of pruning into tests/repro/pruning.md, for MINUTES=20, then call it again (DATA=DIR for MNIST and CIFAR-10)
MINUTES ?= 20
repro-pruning: setup-build
	$(Q)$(both) build $(B)/repro-plant $(B)/repro-curves
	$(Q)tests/repro/pruning.sh '$(DATA)' $(B)/pruning tests/repro/pruning.md $(program) $(B)/repro-plant $(B)/repro-curves $(MINUTES)
$(B)/repro-plant: $(B)/obj/tests/repro/plant.o $(B)/libruntime.a $(B)/libhost.a
	$(call say,LD,$@)
	$(Q)$(CC) $(instrument) $(LDFLAGS) -pthread $(filter %.o,$^) $(B)/libruntime.a $(B)/libhost.a $(call libs,$(host_libs) $(libs_runtime)) -ldl -lm -o $@
$(B)/repro-curves: $(B)/obj/tests/repro/curves.o $(B)/libkit.a
	$(call say,LD,$@)
	$(Q)$(CC) $(instrument) $(LDFLAGS) $^ -lm -o $@
.PHONY: repro-advae
## repro-advae: claims about faces from drawings into tests/repro/advae.md (DATA=DIR for photos; MINUTES=60 begins no part later)
repro-advae: setup-build
	$(Q)$(both) build
	$(Q)MINUTES='$(MINUTES)' tests/repro/advae.sh '$(DATA)' $(B)/repro/advae tests/repro/advae.md $(program)
