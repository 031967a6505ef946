# The bench: the program beside its peers, those that are installed.
bench_dir := build/bench
bench_peers := $(if $(and $(call have,vips),$(call have,opencv4)),$(bench_dir)/filters) $(if $(call have,vips),$(bench_dir)/vips_chain) $(if $(call have,opencv4),$(bench_dir)/cv_chain)
ROUNDS ?= 7
.PHONY: bench
## bench: speed beside FFmpeg, libvips, OpenCV, sharp, G'MIC and the Magicks, and bench-net; those that are installed (ROUNDS=7)
bench: setup-build
	$(Q)$(MAKE) bench-run
	$(Q)$(MAKE) bench-net-run
	$(Q)$(MAKE) bench-sources
	$(Q)$(call ratios,compare,results filters)
.PHONY: bench-run
bench-run: build $(bench_dir)/sidebyside $(bench_peers)
	$(Q)sh tests/bench/bench.sh $(B) $(ROUNDS)
$(bench_dir)/sidebyside: tests/bench/sidebyside.c tests/bench/rows.c tests/bench/rows.h
	$(Q)mkdir -p $(@D) && $(CC) -std=c17 -D_DEFAULT_SOURCE -O2 $(call system,libcjson) $(filter %.c,$^) $(call libs,libcjson) -o $@
$(bench_dir)/vips_chain: tests/bench/vips_chain.c
	$(Q)mkdir -p $(@D) && $(CC) -std=c17 -O2 $(call system,vips) $< $(call libs,vips) -o $@
$(bench_dir)/cv_chain: tests/bench/cv_chain.cpp
	$(Q)mkdir -p $(@D) && c++ -std=c++17 -O2 $(call system,opencv4) $< -lopencv_imgcodecs -lopencv_imgproc -lopencv_core -o $@
$(bench_dir)/filters: tests/bench/filters.c tests/bench/rows.c tests/bench/peer_vips.c tests/bench/peer_cv.cpp $(B)/libhost.a $(filter-out $(B)/obj/sdk/check/main.o,$(check_o))
	$(Q)mkdir -p $(@D) && $(CC) -std=c17 -D_POSIX_C_SOURCE=200809L -O2 -Isdk/include -Ihost -Isdk/check $(call system,libcjson) -c tests/bench/filters.c -o $(@D)/filters.o \
	  && $(CC) -std=c17 -O2 $(call system,libcjson) -c tests/bench/rows.c -o $(@D)/rows.o \
	  && $(CC) -std=c17 -O2 $(call system,vips) -c tests/bench/peer_vips.c -o $(@D)/peer_vips.o \
	  && c++ -std=c++17 -O2 $(call system,opencv4) -c tests/bench/peer_cv.cpp -o $(@D)/peer_cv.o \
	  && c++ -pthread $(addprefix $(@D)/,filters.o rows.o peer_vips.o peer_cv.o) $(filter %.o %.a,$^) $(call libs,vips $(host_libs)) -lopencv_imgproc -lopencv_core -ldl -lm -o $@

# Networks beside PyTorch, ONNX Runtime, OpenCV, oneDNN and ncnn: net_rows.txt says which, net.sh how. Each side is a process
# that makes a step when told to; rounds alternate. One row, quickly: make bench-net ROWS='style step 256' ROUNDS=3
ROWS ?=
net_programs := $(addprefix $(bench_dir)/,net_bench net_worker net_roof plot ratios) $(if $(call have,opencv4),$(bench_dir)/peer_dnn) \
	$(if $(wildcard /usr/include/dnnl.h),$(bench_dir)/peer_dnnl) $(if $(call have,ncnn),$(bench_dir)/peer_ncnn)
.PHONY: bench-net bench-net-run bench-record bench-peers
## bench-net: networks alone (ROWS=part of a name, ROUNDS=7, BENCH_THREADS='2 1', FRESH=1: choose the peers' settings anew)
bench-net: setup-build
	$(Q)$(MAKE) bench-net-run
bench-net-run: build $(net_programs)
	$(Q)sh tests/bench/net.sh $(B) $(ROUNDS) '$(ROWS)'
	$(Q)$(bench_dir)/plot $(bench_dir)/network.json $(bench_dir)
	$(Q)$(call ratios,compare,network)
# tests/bench/ratios-TYPE.json: the ratios of each type of processor, as last recorded on one.
ratios = $(bench_dir)/ratios $(1) tests/bench/ratios-$$($(bench_dir)/ratios name).json $(2:%=$(bench_dir)/%.json)
## bench-record: keeps the ratios of the last bench for this type of processor, for later ones to be compared with
bench-record: $(bench_dir)/ratios
	$(Q)$(call ratios,record,$(patsubst $(bench_dir)/%.json,%,$(wildcard $(bench_dir)/results.json $(bench_dir)/filters.json $(bench_dir)/network.json)))
## bench-peers: installs the peers that Debian and npm have
bench-peers:
	$(Q)SETUP=yes .ci/setup '' 'vips=libvips-dev opencv4=libopencv-dev dnnl.h=libdnnl-dev node=nodejs npm=npm ffmpeg=ffmpeg gm=graphicsmagick convert=imagemagick'
	$(Q)/usr/bin/python3 -c 'import torch, numpy' 2>/dev/null || SETUP=yes .ci/setup '' 'torch-for-python=python3-torch numpy-for-python=python3-numpy'
	$(Q)mkdir -p $(bench_dir) && cd $(bench_dir) && { [ -d node_modules/onnxruntime-node ] || npm install --ignore-scripts --no-save --no-audit --no-fund onnxruntime-node sharp; }

bench_cc = mkdir -p $(@D) && $(CC) -std=c17 -D_POSIX_C_SOURCE=200809L -O2 $(warnings) -Isdk/include -Ihost -Isdk/check $(call system,$(host_libs))
bench_c  = $(bench_cc) $(filter %.c %.o %.a,$^) $(call libs,$(host_libs)) -pthread -ldl -lm -o $@
$(bench_dir)/net_bench: $(addprefix tests/bench/,net_bench.c side.c rows.c side.h rows.h) $(B)/libhost.a
	$(Q)$(bench_c)
$(bench_dir)/net_roof: $(addprefix tests/bench/,net_roof.c peak.c side.c rows.c side.h rows.h peak.h)
	$(Q)$(bench_c)
$(bench_dir)/plot: tests/bench/plot.c tests/bench/rows.c tests/bench/rows.h $(B)/libkit.a
	$(Q)$(bench_c)
$(bench_dir)/ratios: tests/bench/ratios.c tests/bench/rows.c tests/bench/rows.h
	$(Q)$(bench_c)
$(bench_dir)/net_worker: $(addprefix tests/bench/,net_worker.c net_steps.c net_train.c net_worker.h) $(B)/libhost.a $(filter-out $(B)/obj/sdk/check/main.o,$(check_o))
	$(Q)$(bench_c) -O3
$(bench_dir)/peer_dnn: tests/bench/peer_dnn.cpp
	$(Q)mkdir -p $(@D) && c++ -std=c++17 -O2 $(call system,opencv4) $< -lopencv_dnn -lopencv_core -o $@
$(bench_dir)/peer_dnnl: tests/bench/peer_dnnl.c
	$(Q)mkdir -p $(@D) && $(CC) -std=c17 -D_POSIX_C_SOURCE=200809L -O2 $(warnings) $< -ldnnl -o $@
$(bench_dir)/peer_ncnn: tests/bench/peer_ncnn.cpp
	$(Q)mkdir -p $(@D) && c++ -std=c++17 -O2 $(call system,ncnn) $< $(call libs,ncnn) -fopenmp -o $@

include tests/bench/sources.mk

# Ways to a style, side by side; seconds are those of this machine, distances are not.
.PHONY: bench-style
## bench-style: match, gram, direct, fast, random for each network at hand, with figures, on one page (DATA=DIR: VGG-19 judges)
bench-style: setup-build
	$(Q)$(both) build
	$(Q)tests/bench/style.sh '$(DATA)' build/bench/style $(abspath $(program))
