/* describe.h - a filter's descriptor as text, preset section, Markdown or JSON. */
#ifndef IMP_DESCRIBE_H
#define IMP_DESCRIBE_H
#include "registry.h"
#include <cJSON.h>

void describe_text(struct arena *, const struct filter_info *, struct text *out);
void describe_ini(struct arena *, const struct filter_info *, struct text *out);
void describe_markdown(struct arena *, const struct filter_info *, struct text *out);
/* What follows # in a link to the heading that describe_markdown writes for this id. */
const char *describe_anchor(struct arena *, const char *id);
cJSON *describe_json(struct arena *, const struct filter_info *); /* caller's */
/* "image", "image (1 or 3 channels, linear)", "object impasto.model/1, many". */
const char *describe_port(struct arena *, const imp_port *);

#endif
