# Pictures from nothing: their speed, and how they compare with real ones of DATA.
$(bench_dir)/source_speed: $(addprefix tests/bench/,source_speed.c make_source.c make_source.h) $(B)/libhost.a $(filter-out $(B)/obj/sdk/check/main.o,$(check_o))
	$(Q)$(bench_c)
$(bench_dir)/measure_sources: $(addprefix tests/bench/,measure_sources.c picture_stats.c make_source.c picture_stats.h make_source.h) $(B)/libhost.a \
  $(filter-out $(B)/obj/sdk/check/main.o,$(check_o))
	$(Q)$(bench_c)
SEEDS ?= 3
.PHONY: bench-sources measure-sources
## bench-sources: speed of pictures from nothing, kind by kind (ROWS=part of a name, ROUNDS=7)
bench-sources: build $(bench_dir)/source_speed
	$(Q)$(bench_dir)/source_speed $(B)/lib/impasto/plugins-1/sources.so $(ROUNDS) '$(ROWS)'
## measure-sources: spectra, gradients and colours of pictures from nothing beside real ones (DATA=DIR, SEEDS=3)
measure-sources: build $(bench_dir)/measure_sources
	$(Q)$(bench_dir)/measure_sources $(B)/lib/impasto/plugins-1/sources.so $(SEEDS) $(bench_dir)/sources.svg '$(DATA)'
