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
need_build := stb=libstb-dev inih=libinih-dev libcjson=libcjson-dev libdeflate=libdeflate-dev libxxhash=libxxhash-dev
need_more  := libturbojpeg=libturbojpeg0-dev spng=libspng-dev
need_test  := cmocka=libcmocka-dev

# ---- flags of ours ----
warnings := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
            -Wpointer-arith -Wcast-qual -Wundef -Wvla -Wformat=2 $(if $(WERROR),-Werror)
config_release :=
config_asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
config_tsan := -fsanitize=thread -fno-omit-frame-pointer
config_cov  := --coverage -O0
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
PLUGINS  := basic sources $(if $(and $(call have,libturbojpeg),$(call have,spng)),turbo)
libs_basic   := inih
libs_sources := inih
libs_turbo   := libturbojpeg spng inih
units    := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
broken   := $(patsubst tests/broken/%.c,%,$(wildcard tests/broken/*.c))
fuzzers  := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

obj      = $(patsubst %.c,$(B)/obj/%.o,$(1))
host_o   := $(call obj,$(host_c))
kit_o    := $(call obj,$(kit_c))
check_o  := $(call obj,$(check_c))
program  := $(B)/bin/impasto
checker  := $(B)/libexec/impasto/impasto-check
plugin_so := $(patsubst %,$(B)/lib/impasto/plugins-1/%.so,$(PLUGINS))
broken_so := $(patsubst %,$(B)/broken/%.so,$(broken))
unit_bin := $(patsubst %,$(B)/tests/%,$(units))

.PHONY: all build build-tests
## all: the program and its plugins, in build/release (installs what is missing first)
all: setup-build
	$(Q)$(MAKE) build
build: $(program) $(checker) $(plugin_so) $(B)/share
build-tests: build $(unit_bin) $(broken_so) $(patsubst %,$(B)/fuzz/%-replay,$(fuzzers))

# ---- compiling ----
# A stamp with the compiler and its flags: everything is made again when they change.
$(B)/flags: FORCE
	$(Q)mkdir -p $(B) && echo '$(CC) $(ours) $(CFLAGS) $(LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(ours) $(CFLAGS) $(LDFLAGS)' >$@
.PHONY: FORCE
FORCE:

extra_host/codec_stb = $(call system,stb libdeflate) -O3
extra_sdk/kit        = -O3 -fno-trapping-math
extra_plugins        = -O3 -fno-trapping-math
file_flags = $(extra_$(basename $(1))) $(if $(filter sdk/kit/%,$(1)),$(extra_sdk/kit)) $(if $(filter plugins/%,$(1)),$(extra_plugins)) \
	$(if $(filter host/main.c host/command_%.c host/record.c,$(1)),-DIMPASTO_VERSION='"$(VERSION)"')
$(B)/obj/%.o: %.c $(B)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ours) $(include_kit) $(if $(filter host/% tests/%,$<),-Ihost) $(if $(filter tests/%,$<),-Itests/unit -Isdk/check) \
	  $(call system,$(host_libs)) $(call file_flags,$<) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/libhost.a: $(host_o) $(kit_o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^
$(B)/libkit.a: $(kit_o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^
$(program): $(B)/obj/host/main.o $(B)/libhost.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(instrument) $(LDFLAGS) -pthread $^ $(call libs,$(host_libs)) -ldl -lm -o $@
$(checker): $(check_o) $(kit_o)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(instrument) $(LDFLAGS) -pthread $^ $(call libs,inih) -ldl -lm -o $@

# A plugin is a folder: all its files and the kit, one exported symbol.
define plugin_rule
$$(B)/lib/impasto/plugins-1/$(1).so: $$(call obj,$$(wildcard plugins/$(1)/*.c)) $$(B)/libkit.a
	$$(call say,SO,$$@)
	$$(Q)mkdir -p $$(@D) && $$(CC) $$(instrument) $$(LDFLAGS) -shared $$(defs) -Wl,--as-needed $$^ $$(call libs,$$(libs_$(1))) -lm -o $$@
endef
$(foreach p,$(PLUGINS),$(eval $(call plugin_rule,$(p))))
$(call obj,$(wildcard plugins/turbo/*.c)): ours += $(call system,libturbojpeg spng)

$(B)/broken/%.so: $(B)/obj/tests/broken/%.o
	$(call say,SO,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(instrument) $(LDFLAGS) -shared $^ -lm -o $@

# Presets, samples and templates where an installed program would have them.
$(B)/share:
	$(Q)mkdir -p $@/impasto && ln -sfn $(CURDIR)/presets $@/impasto/presets && ln -sfn $(CURDIR)/samples $@/impasto/samples \
	  && ln -sfn $(CURDIR)/sdk/template $@/impasto/template && ln -sfn $(CURDIR)/sdk/kit $@/impasto/kit

# ---- tests ----
$(B)/tests/%: $(B)/obj/tests/unit/%.o $(B)/libhost.a $(filter-out $(B)/obj/sdk/check/main.o,$(check_o))
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(instrument) $(LDFLAGS) $(wrap_$*) -pthread $(filter-out $(B)/libhost.a,$^) $(B)/libhost.a $(call libs,cmocka $(host_libs)) -ldl -lm -o $@
$(B)/fuzz/%-replay: $(B)/obj/tests/fuzz/%.o $(B)/obj/tests/fuzz/replay.o $(B)/libhost.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(instrument) $(LDFLAGS) -pthread $^ $(call libs,$(host_libs)) -ldl -lm -o $@

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

.PHONY: setup-build setup-test
setup-build setup-test:
	@:
