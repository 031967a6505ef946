/* net_filters.h - the filters of this plugin, for its entry. One filter, one file: net_<name>.c. */
#ifndef IMP_RT_NET_FILTERS_H
#define IMP_RT_NET_FILTERS_H
#include <impasto/impasto.h>

extern const imp_filter rt_net_load, rt_net_build, rt_net_save, rt_net_train, rt_net_normalise, rt_net_apply;
extern const imp_filter rt_net_classify, rt_net_encode, rt_net_decode, rt_net_inspect, rt_net_bench;

#endif
