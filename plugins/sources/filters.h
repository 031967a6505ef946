/* filters.h - the filters of plugins/sources, one file each. */
#ifndef IMP_SOURCES_FILTERS_H
#define IMP_SOURCES_FILTERS_H
#include <impasto/impasto.h>

extern const imp_filter filter_source_scene, filter_source_texture, filter_source_painting,
    filter_source_face, filter_source_symbol, filter_data_generated;


/* create of filters whose instance is the parameters themselves: they stay valid until destroy. */
imp_status sources_keep_params(const imp_host *, const imp_filter *, const imp_cell *params,
                               void **instance, imp_error *) IMP_NX;

#endif
