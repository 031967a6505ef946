/* manual.h - the two manual pages that are not about a command, in a light markup: `# ` a heading,
 * `> ` a line of an example, `- TERM | text` an entry, an empty line a paragraph, `word` bold. */
#ifndef IMP_MANUAL_H
#define IMP_MANUAL_H

extern const char manual_preset[], manual_plugin[];

#endif
