# Impasto: build, test, install. `make help` lists what there is to make.
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

# ---- the user's: each may be given on the command line ----
ifeq ($(origin CC),default)
CC       = gcc
endif
CFLAGS  ?=
LDFLAGS ?=
CONFIG  ?= release
WERROR  ?=
V       ?=
SETUP   ?= yes
DESTDIR ?=
prefix  ?= /usr/local
bindir  ?= $(prefix)/bin
libdir  ?= $(prefix)/lib
libexecdir ?= $(prefix)/libexec
includedir ?= $(prefix)/include
datadir ?= $(prefix)/share
mandir  ?= $(datadir)/man
PHOTOS  ?= samples/photos
OUT     ?= build/out
DATA    ?=
T       ?=
SECS    ?= 10

VERSION := 0.1.0
B       := build/$(CONFIG)
Q       := $(if $(V),,@)
say      = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2);)

# ---- packages: pkg-config name = Debian package ----
need_build := stb=libstb-dev inih=libinih-dev libcjson=libcjson-dev libdeflate=libdeflate-dev libxxhash=libxxhash-dev \
              openblas=libopenblas-dev libprotobuf-c=libprotobuf-c-dev protoc-c=protobuf-c-compiler onnx/onnx.proto=libonnx-dev
need_more  := libturbojpeg=libturbojpeg0-dev spng=libspng-dev
need_test  := cmocka=libcmocka-dev

# ---- flags of ours ----
warnings := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
            -Wpointer-arith -Wcast-qual -Wundef -Wvla -Wformat=2 $(if $(WERROR),-Werror)
config_release :=
config_asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
config_tsan := -fsanitize=thread -fno-omit-frame-pointer
config_cov  := --coverage -O0
config_fuzz := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
instrument  := $(config_$(CONFIG))
ours     := -std=c17 -D_POSIX_C_SOURCE=200809L -O2 -g -ffp-contract=off -fno-math-errno -fPIC \
            -fvisibility=hidden $(warnings) $(instrument)
include_kit  := -Isdk/include
system   = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(1) 2>/dev/null))
libs     = $(shell pkg-config --libs $(1) 2>/dev/null)
have     = $(shell pkg-config --exists $(1) 2>/dev/null && echo yes)
# clang's sanitizers leave their symbols to the program, so a plugin cannot be closed then
defs     := $(if $(and $(instrument),$(findstring clang,$(CC))),,-Wl,-z,defs)

# ---- what there is ----
host_c   := $(filter-out host/main.c,$(wildcard host/*.c))
kit_c    := $(wildcard sdk/kit/*.c)
check_c  := $(wildcard sdk/check/*.c)
host_libs := inih libcjson libdeflate libxxhash
PLUGINS  := basic sources data runtime inverter energy pruner advae $(if $(and $(call have,libturbojpeg),$(call have,spng)),turbo)
libs_basic   := inih
libs_sources := inih
libs_data    := libdeflate inih
libs_runtime := openblas libprotobuf-c libcjson inih
libs_inverter := inih
libs_energy  := inih
libs_pruner  := inih
libs_advae   := inih
libs_turbo   := libturbojpeg spng inih
units    := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
broken   := $(patsubst tests/broken/%.c,%,$(wildcard tests/broken/*.c))
made_runtime = $(B)/obj/gen/onnx.pb-c.o
fuzzers  := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

obj      = $(patsubst %.c,$(B)/obj/%.o,$(1))
host_o   := $(call obj,$(host_c))
kit_o    := $(call obj,$(kit_c))
plugin_c = $(wildcard plugins/$(1)/*.c plugins/$(1)/*/*.c)
# Files v_*.c hold kernels for one kind of processor: compiled once for each variant.
variants := portable $(if $(findstring x86_64,$(shell $(CC) -dumpmachine)),avx2 avx512)
variant_portable := -DRT_SIMD=0
variant_avx2     := -DRT_SIMD=1 -mavx2 -mfma
variant_avx512   := -DRT_SIMD=2 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma
by_variant = $(foreach f,$(1),$(if $(filter v_%,$(notdir $(f))),$(variants:%=$(B)/obj/$(f:.c=).%.o),$(B)/obj/$(f:.c=.o)))
plugin_o = $(call by_variant,$(call plugin_c,$(1)))
check_o  := $(call obj,$(check_c))
program  := $(B)/bin/impasto
checker  := $(B)/libexec/impasto/impasto-check
plugin_so := $(patsubst %,$(B)/lib/impasto/plugins-1/%.so,$(PLUGINS))
broken_so := $(patsubst %,$(B)/broken/%.so,$(broken))
unit_bin := $(patsubst %,$(B)/tests/%,$(units))

.PHONY: all build build-tests
# As many jobs as processors; `make -j3` decides otherwise.
both = $(MAKE) $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2))
## all: the program and its plugins, in build/release (installs what is missing first)
all: setup-build
	$(Q)$(both) build
build: $(program) $(checker) $(plugin_so) $(B)/share
build-tests: build $(unit_bin) $(broken_so) $(patsubst %,$(B)/fuzz/%-replay,$(fuzzers))

# ---- compiling ----
# A stamp with the compiler and its flags: everything is made again when they change.
$(B)/flags: FORCE
	$(Q)mkdir -p $(B) && echo '$(CC) $(ours) $(CFLAGS) $(LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(ours) $(CFLAGS) $(LDFLAGS)' >$@
.PHONY: FORCE
FORCE:

# stb's arithmetic on damaged files overflows: -fwrapv says what that means
extra_host/codec_stb = $(call system,stb) -O3 -fwrapv
extra_host/codec_png = -O3
extra_host/value     = -O3
extra_sdk/kit        = -O3 -fno-trapping-math
extra_plugins        = -O3 -fno-trapping-math
file_flags = $(extra_$(basename $(1))) $(if $(filter sdk/kit/%,$(1)),$(extra_sdk/kit)) $(if $(filter plugins/%,$(1)),$(extra_plugins)) \
	$(if $(filter host/main.c host/command_%.c host/record.c,$(1)),-DIMPASTO_VERSION='"$(VERSION)"')
variant = $(patsubst .%,%,$(suffix $(basename $@)))
define compile
	$(call say,CC,$< $(variant))
	$(Q)mkdir -p $(@D) && $(CC) $(ours) $(include_kit) $(if $(filter host/% tests/%,$<),-Ihost) $(if $(filter tests/%,$<),-Itests/unit -Isdk/check -Iplugins/runtime -Iplugins/energy -Iplugins/inverter) \
	  $(call system,$(host_libs)) $(call file_flags,$<) $(variant_$(variant)) $(CFLAGS) -MMD -MP -c $< -o $@
endef
$(B)/obj/%.o: %.c $(B)/flags
	$(compile)
$(foreach v,$(variants),$(eval $(B)/obj/%.$(v).o: %.c $(B)/flags ; $$(compile)))

$(B)/libhost.a: $(host_o) $(kit_o)
	$(call say,AR,$@)
	$(Q)rm -f $@.new && ar rcs $@.new $^ && mv -f $@.new $@
$(B)/libkit.a: $(kit_o)
	$(call say,AR,$@)
	$(Q)rm -f $@.new && ar rcs $@.new $^ && mv -f $@.new $@
$(program): $(B)/obj/host/main.o $(B)/libhost.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(instrument) $(LDFLAGS) -pthread $^ $(call libs,$(host_libs)) -ldl -lm -o $@
$(checker): $(check_o) $(kit_o)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(instrument) $(LDFLAGS) -pthread $^ $(call libs,inih) -ldl -lm -o $@

# A plugin is a folder: all its files and the kit, one exported symbol.
define plugin_rule
$$(B)/lib/impasto/plugins-1/$(1).so: $$(call plugin_o,$(1)) $$(made_$(1)) $$(B)/libkit.a sdk/plugin.map
	$$(call say,SO,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CC) $$(instrument) $$(LDFLAGS) -shared $$(defs) -Wl,--version-script=sdk/plugin.map -Wl,--as-needed \
	  $$(filter %.o %.a,$$^) $$(call libs,$$(libs_$(1))) -lm -o $$@
endef
$(foreach p,$(PLUGINS),$(eval $(call plugin_rule,$(p))))
# ONNX's official schema, as C.
onnx_proto := $(firstword $(wildcard /usr/include/onnx/onnx.proto /usr/local/include/onnx/onnx.proto))
$(B)/gen/onnx/onnx.pb-c.c: $(onnx_proto)
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && protoc-c --proto_path=$(dir $(onnx_proto)).. --c_out=$(B)/gen onnx/onnx.proto
$(B)/obj/gen/onnx.pb-c.o: $(B)/gen/onnx/onnx.pb-c.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) -std=c17 -O2 -g -fPIC -fvisibility=hidden $(instrument) $(call system,libprotobuf-c) -I$(B)/gen $(CFLAGS) -c $< -o $@
$(call plugin_o,runtime): | $(B)/gen/onnx/onnx.pb-c.c
$(call plugin_o,runtime): private ours += -Iplugins/runtime -isystem $(B)/gen $(call system,openblas libprotobuf-c libcjson)
# The runtime's rooms, for tests that open them.
$(B)/libruntime.a: $(call by_variant,$(filter-out plugins/runtime/runtime.c,$(call plugin_c,runtime))) $(made_runtime)
	$(call say,AR,$@)
	$(Q)rm -f $@.new && ar rcs $@.new $^ && mv -f $@.new $@
$(call obj,$(wildcard plugins/turbo/*.c)): private ours += $(call system,libturbojpeg spng)

$(B)/broken/%.so: $(B)/obj/tests/broken/%.o
	$(call say,SO,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(instrument) $(LDFLAGS) -shared $^ -lm -o $@

# Presets, samples and templates where an installed program would have them.
$(B)/share:
	$(Q)mkdir -p $@/impasto && ln -sfn $(CURDIR)/presets $@/impasto/presets && ln -sfn $(CURDIR)/samples $@/impasto/samples \
	  && ln -sfn $(CURDIR)/sdk/template $@/impasto/template && ln -sfn $(CURDIR)/sdk/kit $@/impasto/kit && ln -sfn $(CURDIR)/sdk/examples $@/impasto/examples

# ---- tests ----
# Tests named test_rt_*, test_inv_*, test_energy_*, test_prune_* and test_source_things are linked with the plugin's own objects; the others open plugins as hosts do.
wrap_test_rt_keep := $(foreach f,malloc calloc realloc posix_memalign mmap mprotect madvise,-Wl,--wrap=$(f))
# Its program has a function that a plugin of the shelf takes from it.
wrap_test_check := -rdynamic
rt_units := $(filter test_rt_%,$(units))
$(rt_units:%=$(B)/tests/%): $(B)/tests/%: $(B)/obj/tests/unit/%.o $(B)/obj/tests/unit/op_check.o $(B)/libruntime.a $(B)/libhost.a $(filter-out $(B)/obj/sdk/check/main.o,$(check_o))
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(instrument) $(LDFLAGS) $(wrap_$*) -pthread $(filter %.o,$^) $(filter-out $(B)/libhost.a $(B)/libruntime.a,$(filter %.a,$^)) $(B)/libruntime.a $(B)/libhost.a \
	  $(call libs,cmocka $(host_libs) $(libs_runtime)) -ldl -lm -o $@
$(B)/libinverter.a: $(filter-out $(B)/obj/plugins/inverter/inverter.o,$(call plugin_o,inverter))
	$(call say,AR,$@)
	$(Q)rm -f $@.new && ar rcs $@.new $^ && mv -f $@.new $@
inv_units := $(filter test_inv_%,$(units))
$(inv_units:%=$(B)/tests/%): $(B)/tests/%: $(B)/obj/tests/unit/%.o $(B)/libinverter.a $(B)/libruntime.a $(B)/libhost.a $(filter-out $(B)/obj/sdk/check/main.o,$(check_o))
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(instrument) $(LDFLAGS) -pthread $(filter %.o,$^) $(B)/libinverter.a $(B)/libruntime.a $(B)/libhost.a \
	  $(call libs,cmocka $(host_libs) $(libs_runtime)) -ldl -lm -o $@
$(B)/libenergy.a: $(filter-out $(B)/obj/plugins/energy/energy_plugin.o,$(call plugin_o,energy))
	$(call say,AR,$@)
	$(Q)rm -f $@.new && ar rcs $@.new $^ && mv -f $@.new $@
$(B)/libpruner.a: $(filter-out $(B)/obj/plugins/pruner/prune_plugin.o,$(call plugin_o,pruner))
	$(call say,AR,$@)
	$(Q)rm -f $@.new && ar rcs $@.new $^ && mv -f $@.new $@
$(addprefix $(B)/tests/,test_rt_prune test_rt_distil test_rt_planted test_rt_constants test_rt_thin_onnx test_prune_score): $(B)/libpruner.a
$(B)/libadvae.a: $(filter-out $(B)/obj/plugins/advae/advae_plugin.o,$(call plugin_o,advae))
	$(call say,AR,$@)
	$(Q)rm -f $@.new && ar rcs $@.new $^ && mv -f $@.new $@
advae_units := $(filter test_advae_%,$(units))
$(B)/tests/test_rt_advae $(advae_units:%=$(B)/tests/%): $(B)/libadvae.a
$(B)/tests/test_source_things: $(addprefix $(B)/obj/plugins/sources/,scene_things.o swift_rows.o)
energy_units := $(filter test_energy_%,$(units))
$(energy_units:%=$(B)/tests/%): $(B)/libenergy.a
$(B)/tests/%: $(B)/obj/tests/unit/%.o $(B)/libhost.a $(filter-out $(B)/obj/sdk/check/main.o,$(check_o))
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(instrument) $(LDFLAGS) $(wrap_$*) -pthread $(filter %.o,$^) $(filter-out $(B)/libhost.a,$(filter %.a,$^)) $(B)/libhost.a $(call libs,cmocka $(host_libs)) -ldl -lm -o $@
$(B)/fuzz/fuzz_rt_%-replay: $(B)/obj/tests/fuzz/fuzz_rt_%.o $(B)/obj/tests/fuzz/replay.o $(B)/libruntime.a $(B)/libhost.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(instrument) $(LDFLAGS) -pthread $^ $(call libs,$(host_libs) $(libs_runtime)) -ldl -lm -o $@
$(B)/fuzz/fuzz_advae_inside $(B)/fuzz/fuzz_advae_inside-replay: $(B)/libadvae.a
$(B)/fuzz/%-replay: $(B)/obj/tests/fuzz/%.o $(B)/obj/tests/fuzz/replay.o $(B)/libhost.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(instrument) $(LDFLAGS) -pthread $(filter %.o,$^) $(filter-out $(B)/libhost.a,$(filter %.a,$^)) $(B)/libhost.a $(call libs,$(host_libs)) -ldl -lm -o $@

# ---- the main job ----
# Small and short here, so that it takes a minute or two; the presets' own settings are for keeps.
quick     := --set vars.size=384 --set paint.scales="192 384" --set paint.steps="24 8"
comma     := ,
empty     :=
paintings  = $(subst $(empty) ,$(comma),$(strip $(wildcard samples/paintings/*.jpg)))
.PHONY: run run-show
## run: the main job: stylises samples/photos (PHOTOS=DIR: yours) into build/out, an atlas, a pruning, faces from drawings; pages of them
run: setup-build
	$(Q)$(both) build
	$(Q)$(MAKE) run-show
run-show: build
	$(Q)$(program) run presets/stylise.ini "$(PHOTOS)" -o "$(OUT)/stylised" $(quick)
	$(Q)$(program) run presets/stylise.ini samples/photos/coast.jpg -o "$(OUT)/manners" $(quick) --sweep vars.painting=$(paintings)
	$(Q)$(program) run presets/atlas.ini -o "$(OUT)/atlas" --set vars.maps="top 24"
	$(Q)$(program) run presets/prune-classifier.ini -o "$(OUT)/pruned" --set vars.count=1500 --set vars.unseen=500 --set thin.step=0.15 --set thin.tolerance=0.02 --set thin.finish=2
	$(Q)set -e; for p in face-hair face-complexion face-style; do \
	  $(program) run presets/$$p.ini samples/drawings -o "$(OUT)/faces" --set out.name=$$p.png; done
	$(Q)$(program) run presets/page.ini "$(PHOTOS)" "$(OUT)/stylised" "$(OUT)"/manners/*.jpg "$(OUT)/atlas/atlas-relu3_1.png" "$(OUT)/faces" -o "$(OUT)" \
	  --set vars.title="Photographs in the manner of a painting" --set page.names="photo stylised" --set page.text="$(run_text)"
	@echo
	@echo "The pictures are in $(OUT):      stylised/ (samples/paintings/swirls.jpg), manners/ (all paintings), atlas/, pruned/, faces/"
	@echo "All on one page:                $(abspath $(OUT))/index.html"
	@echo "The textures of the filters:    $(abspath $(OUT))/atlas/atlas-relu3_1.html"
	@echo "How a network was pruned:       $(abspath $(OUT))/pruned/pruning.html"
	@echo 'The program on your PATH:       export PATH="$(CURDIR)/$(B)/bin:$$PATH"'
run_text := Each photograph was given one painting's colours and repainted until the feature maps of texel, the network that Impasto ships with, had the energies that they \
  have for that painting (samples/paintings/swirls.jpg); at 384 px here, the change carried over to the full size. Then: one photograph \
  in the manner of each painting; and what the 24 strongest filters of the layer relu3_1 look for, by inverting one map after the other. Last: faces that a network made \
  from line drawings (samples/drawings), in every hair colour, from light to dark, and in the light of other photographs.

.PHONY: validate
## validate: every plugin of ours through `impasto validate`, as those of others would be
validate: setup-build
	$(Q)$(both) build
	$(Q)bad=0; for p in $(PLUGINS); do echo "$$p"; $(program) validate $(B)/lib/impasto/plugins-1/$$p.so >$(B)/validate.txt || bad=1; \
	  grep -v '^ok' $(B)/validate.txt; done; exit $$bad
.PHONY: soak
## soak: memory stays flat over thousands of pictures
soak: setup-build
	$(Q)$(both) build
	$(Q)tests/soak.sh $(program)

include tests/bench/bench.mk
include samples/samples.mk
include tests/repro/repro.mk

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

.PHONY: setup-build setup-test test test-asan test-tsan check
setup-build:
	$(Q)CC='$(CC)' SETUP='$(SETUP)' .ci/setup '$(need_build)' '$(need_more)'
setup-test:
	$(Q)CC='$(CC)' SETUP='$(SETUP)' .ci/setup '$(need_build) $(need_test)' '$(need_more)'
## test: everything (T=name a part of it, DATA=DIR with tests on data of your own)
test check: setup-test
	$(Q)$(both) build-tests
	$(Q)B='$(B)' T='$(T)' DATA='$(DATA)' tests/run.sh
## test-asan: unit tests and fuzz corpora under AddressSanitizer and UBSan
## test-tsan: unit tests under ThreadSanitizer
test-asan test-tsan: setup-test
	$(Q)$(both) CONFIG=$(@:test-%=%) build-tests
	$(Q)B='$(@:test-%=build/%)' T='$(T)' DATA='$(DATA)' LIMIT=600 PARTS='unit$(if $(filter %-asan,$@), fuzz)' tests/run.sh

# libFuzzer targets: clang; a corpus found here stays in build/, what crashed in build/fuzz-found.
$(B)/fuzz/fuzz_rt_%: $(B)/obj/tests/fuzz/fuzz_rt_%.o $(B)/libruntime.a $(B)/libhost.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -fsanitize=fuzzer,address,undefined $(LDFLAGS) -pthread $^ $(call libs,$(host_libs) $(libs_runtime)) -ldl -lm -o $@
$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(B)/libhost.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -fsanitize=fuzzer,address,undefined $(LDFLAGS) -pthread $(filter %.o,$^) $(filter-out $(B)/libhost.a,$(filter %.a,$^)) $(B)/libhost.a $(call libs,$(host_libs)) -ldl -lm -o $@
.PHONY: fuzz fuzz-run
## fuzz: every fuzz target for SECS=10 seconds each (needs clang)
fuzz:
	$(Q)$(MAKE) setup-build CC=clang
	$(Q)$(both) CC=clang CONFIG=fuzz $(fuzzers:%=build/fuzz/fuzz/%)
	$(Q)$(MAKE) CC=clang CONFIG=fuzz fuzz-run
fuzz-run:
	$(Q)mkdir -p build/fuzz-found && for f in $(fuzzers:fuzz_%=%); do \
	  mkdir -p $(B)/corpus/$$f && echo "  FUZZ  $$f, $(SECS) s" \
	  && $(B)/fuzz/fuzz_$$f -max_total_time=$(SECS) -rss_limit_mb=4096 -artifact_prefix=build/fuzz-found/$$f- \
	    $(B)/corpus/$$f tests/fuzz/corpus/$$f >$(B)/$$f.log 2>&1 || { tail -n 40 $(B)/$$f.log; exit 1; }; done

.PHONY: test-cluster
## test-cluster: presets as a Slurm array and under GNU parallel, for real on this machine (installs both)
test-cluster: setup-build
	$(Q)PATH="$$PATH:/usr/sbin" CC='$(CC)' SETUP='$(SETUP)' .ci/setup '' 'slurmd=slurm-wlm parallel=parallel' || true
	$(Q)$(both) build
	$(Q)LC_ALL=C TZ=UTC B='$(B)' bash tests/cluster/test_cluster.sh

.PHONY: reference
## reference: FILTERS.md, what every filter takes, gives and can be told
reference: setup-build
	$(Q)$(both) build
	$(Q)env -i PATH="$$PATH" HOME=/nowhere $(program) describe --markdown --plugin-path $(B)/lib/impasto/plugins-1 >FILTERS.md.new && mv FILTERS.md.new FILTERS.md

# The ABI against sdk/abi/1.0 is a part of the tests; this shows that they would see a change.
.PHONY: mutants-abi freeze-abi
## mutants-abi: breaks the headers in each way that breaks plugins, and expects the guard of the ABI to be red
mutants-abi:
	$(Q)sdk/abi/mutants.sh
## freeze-abi: sdk/abi/1.0 anew from the headers of today, while it is a candidate
freeze-abi:
	$(Q)sdk/abi/freeze.sh

# ONNX's own backend tests, any copy of them.
check_onnx_c := $(wildcard tests/onnx/*.c)
$(call obj,$(check_onnx_c)): | $(B)/gen/onnx/onnx.pb-c.c
$(call obj,$(check_onnx_c)): private ours += -isystem $(B)/gen $(call system,libprotobuf-c)
$(B)/onnx/check_onnx: $(call obj,$(check_onnx_c)) $(B)/libruntime.a $(B)/libhost.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(instrument) $(LDFLAGS) -pthread $^ $(call libs,$(host_libs) $(libs_runtime)) -ldl -lm -o $@
.PHONY: check-onnx
## check-onnx: ONNX's backend tests: every folder below DIR=path with model.onnx and test_data_set_*
check-onnx: setup-build
	$(Q)test -n '$(DIR)' || { echo 'check-onnx: DIR=path of the folders, for example what' \
	  '"python3 -m onnx.backend.test.cmd_tools generate-data -o path" writes' >&2; exit 2; }
	$(Q)$(both) $(B)/onnx/check_onnx
	$(Q)OPENBLAS_NUM_THREADS=1 $(B)/onnx/check_onnx '$(DIR)'

# ---- installing ----
share = $(DESTDIR)$(datadir)/impasto
man   = $(DESTDIR)$(mandir)
verbs_of = $(shell sed -n 's/^    {\.name = "\([a-z]*\)".*/\1/p' host/verbs.c)
.PHONY: install install-files uninstall
## install: into prefix=/usr/local, below DESTDIR
install: all
	$(Q)$(MAKE) install-files
# What is built, without building it.
install-files:
	$(Q)install -d $(DESTDIR)$(bindir) $(DESTDIR)$(libexecdir)/impasto $(DESTDIR)$(libdir)/impasto/plugins-1 $(DESTDIR)$(libdir)/pkgconfig \
	  $(DESTDIR)$(includedir)/impasto $(share)/kit $(share)/template $(share)/examples $(share)/presets $(man)/man1 $(man)/man5 $(man)/man7
	$(Q)install -m755 $(program) $(DESTDIR)$(bindir)/
	$(Q)install -m755 $(checker) $(DESTDIR)$(libexecdir)/impasto/
	$(Q)install -m755 $(plugin_so) $(DESTDIR)$(libdir)/impasto/plugins-1/
	$(Q)install -m644 sdk/include/impasto/*.h sdk/include/impasto/*.hpp $(DESTDIR)$(includedir)/impasto/
	$(Q)install -m644 sdk/kit/*.[ch] $(share)/kit/
	$(Q)install -m644 sdk/plugin.map $(share)/
	$(Q)install -d $(DESTDIR)$(datadir)/doc/impasto && install -m644 sdk/GUIDE.md FILTERS.md LICENSE $(DESTDIR)$(datadir)/doc/impasto/
	$(Q)cp -R sdk/template/. $(share)/template/ && cp -R sdk/examples/. $(share)/examples/
	$(Q)cp -R presets/. $(share)/presets/
	$(Q)install -d $(share)/samples/models && install -m644 samples/models/* $(share)/samples/models/
	$(Q)grep -rhoE '\.\./samples/[A-Za-z0-9._/-]+' presets | sort -u | sed 's|^\.\./||' | while read -r f; do \
	  install -d $(share)/$$(dirname $$f) && cp -R $$f $(share)/$$(dirname $$f)/ || exit 1; done
	$(Q)sed -e 's|@prefix@|$(prefix)|g' -e 's|@libdir@|$(libdir)|g' -e 's|@includedir@|$(includedir)|g' -e 's|@datadir@|$(datadir)|g' \
	  -e 's|@bindir@|$(bindir)|g' -e 's|@version@|$(VERSION)|g' sdk/impasto.pc.in >$(DESTDIR)$(libdir)/pkgconfig/impasto.pc
	$(Q)install -d $(DESTDIR)$(libdir)/cmake/Impasto && up=$$(realpath -m -s --relative-to='$(libdir)/cmake/Impasto' /) \
	  && sed -e "s|@up@|$$up|g" -e 's|@include_below@|$(includedir:/%=%)|g' -e 's|@lib_below@|$(libdir:/%=%)|g' -e 's|@data_below@|$(datadir:/%=%)|g' \
	    sdk/impasto-config.cmake.in >$(DESTDIR)$(libdir)/cmake/Impasto/ImpastoConfig.cmake \
	  && sed -e 's|@version@|$(VERSION)|g' sdk/impasto-config-version.cmake.in >$(DESTDIR)$(libdir)/cmake/Impasto/ImpastoConfigVersion.cmake
	$(Q)$(program) help --man >$(man)/man1/impasto.1 && $(program) help --man preset >$(man)/man5/impasto-preset.5 \
	  && $(program) help --man plugin >$(man)/man7/impasto-plugin.7
	$(Q)for v in $(verbs_of); do $(program) help --man $$v >$(man)/man1/impasto-$$v.1 || exit 1; done
	$(Q)install -d $(DESTDIR)$(datadir)/bash-completion/completions $(DESTDIR)$(datadir)/zsh/site-functions $(DESTDIR)$(datadir)/fish/vendor_completions.d
	$(Q)$(program) help --completion bash >$(DESTDIR)$(datadir)/bash-completion/completions/impasto
	$(Q)$(program) help --completion zsh >$(DESTDIR)$(datadir)/zsh/site-functions/_impasto
	$(Q)$(program) help --completion fish >$(DESTDIR)$(datadir)/fish/vendor_completions.d/impasto.fish
## uninstall: takes away what install put there
uninstall:
	$(Q)rm -rf $(DESTDIR)$(libexecdir)/impasto $(DESTDIR)$(libdir)/impasto $(DESTDIR)$(libdir)/cmake/Impasto $(DESTDIR)$(includedir)/impasto $(share) $(DESTDIR)$(datadir)/doc/impasto
	$(Q)rm -f $(DESTDIR)$(bindir)/impasto $(DESTDIR)$(libdir)/pkgconfig/impasto.pc $(man)/man1/impasto.1 $(man)/man1/impasto-*.1 \
	  $(man)/man5/impasto-preset.5 $(man)/man7/impasto-plugin.7 $(DESTDIR)$(datadir)/bash-completion/completions/impasto \
	  $(DESTDIR)$(datadir)/zsh/site-functions/_impasto $(DESTDIR)$(datadir)/fish/vendor_completions.d/impasto.fish

# ---- about this file ----
.PHONY: help format clean
## help: this list
help:
	@sed -n 's/^## \([a-z-]*\): \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'
## format: clang-format over all C files
format:
	$(Q)find host sdk plugins tests -name '*.[ch]' | xargs clang-format -i
## clean: removes build/
clean:
	$(Q)rm -rf build
