# The bench: the program beside its peers, those that are installed.
bench_dir := build/bench
bench_peers := $(if $(and $(call have,vips),$(call have,opencv4)),$(bench_dir)/filters) $(if $(call have,vips),$(bench_dir)/vips_chain) $(if $(call have,opencv4),$(bench_dir)/cv_chain)
ROUNDS ?= 7
.PHONY: bench
## bench: speed beside FFmpeg, libvips, OpenCV, sharp, G'MIC and the Magicks, those that are installed (ROUNDS=7)
bench: setup-build
	$(Q)$(MAKE) bench-run
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

# Networks beside PyTorch, ONNX Runtime, OpenCV and ncnn. One row: make bench-net ROWS='style step 256' ROUNDS=5
ROWS ?=
.PHONY: bench-net bench-net-run
## bench-net: networks beside PyTorch, ONNX Runtime, OpenCV and ncnn (ROWS=part of a name, ROUNDS=7, BENCH_THREADS='2 1', FRESH=1)
bench-net: setup-build
	$(Q)$(MAKE) bench-net-run
bench_net_peers := $(if $(call have,opencv4),$(bench_dir)/peer_dnn) $(if $(wildcard /usr/include/dnnl.h),$(bench_dir)/peer_dnnl)
bench-net-run: build $(bench_dir)/net_bench $(bench_dir)/net_worker $(bench_net_peers)
	$(Q)sh tests/bench/net.sh $(B) $(ROUNDS) '$(ROWS)'
bench_cc = mkdir -p $(@D) && $(CC) -std=c17 -D_POSIX_C_SOURCE=200809L -O2 $(warnings) -Isdk/include -Ihost -Isdk/check $(call system,$(host_libs))
$(bench_dir)/net_bench: $(addprefix tests/bench/,net_bench.c side.c rows.c side.h rows.h) $(B)/libhost.a
	$(Q)$(bench_cc) $(filter %.c %.a,$^) $(call libs,$(host_libs)) -lm -o $@
$(bench_dir)/net_worker: $(addprefix tests/bench/,net_worker.c net_steps.c net_train.c net_worker.h) $(B)/libhost.a $(filter-out $(B)/obj/sdk/check/main.o,$(check_o))
	$(Q)$(bench_cc) -O3 -pthread $(filter %.c %.o %.a,$^) $(call libs,$(host_libs)) -ldl -lm -o $@
$(bench_dir)/peer_dnn: tests/bench/peer_dnn.cpp
	$(Q)mkdir -p $(@D) && c++ -std=c++17 -O2 $(call system,opencv4) $< -lopencv_dnn -lopencv_core -o $@
$(bench_dir)/peer_dnnl: tests/bench/peer_dnnl.c
	$(Q)mkdir -p $(@D) && $(CC) -std=c17 -D_POSIX_C_SOURCE=200809L -O2 $(warnings) $< -ldnnl -o $@
