/* filters.h - the filters of plugins/sources, one file each. */
#ifndef IMP_SOURCES_FILTERS_H
#define IMP_SOURCES_FILTERS_H
#include <impasto/impasto.h>

extern const imp_filter filter_source_scene, filter_source_texture, filter_source_painting,
    filter_source_face, filter_data_generated;

#endif
