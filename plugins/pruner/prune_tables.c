/* prune_tables.c - what a pruning tells: its steps, its layers, its units. */
#include "pruning.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static void text_cell(imp_cell *c, const char *text)
{
    c->s.ptr = text, c->s.len = strlen(text);
}

/* "20 50 500" of a row, free layers only. */
static void widths_text(const struct pruning *p, uint32_t row, char *text, size_t size)
{
    size_t used = 0;
    text[0] = 0;
    for (uint32_t i = 0; i < p->layer_count && used + 12 < size; i++)
        if (!p->layers[i].locked)
            used += (size_t)snprintf(text + used, size - used, "%s%u", used ? " " : "",
                                     p->widths[row * p->layer_count + i]);
}

imp_table *pr_history_table(imp_job *job, const struct pruning *p)
{
    static const imp_column columns[] = {
        {"step", NULL, IMP_INT, 0},       {"units", NULL, IMP_INT, 0},
        {"parameters", NULL, IMP_INT, 0}, {"macs", NULL, IMP_INT, 0},
        {"ms", "ms", IMP_FLOAT, 0},       {"error_before", NULL, IMP_FLOAT, 0},
        {"error", NULL, IMP_FLOAT, 0},    {"good", NULL, IMP_BOOL, 0},
        {"widths", NULL, IMP_TEXT, 0},    {"note", NULL, IMP_TEXT, 0}};
    enum { N = sizeof columns / sizeof *columns };
    imp_table *t = job->new_table(job, N, columns);
    for (uint32_t i = 0; t && i < p->row_count; i++) {
        const struct pr_row *r = &p->rows[i];
        const bool last = i + 1 == p->row_count;
        char widths[2000], note[300] = "";
        widths_text(p, i, widths, sizeof widths);
        if (i == p->best_row)
            snprintf(note, sizeof note, "the result; error %.6g after the last fine-tuning%s",
                     p->final, last ? ". " : "");
        if (last)
            snprintf(note + strlen(note), sizeof note - strlen(note), "ended: %s", p->why);
        imp_cell cells[N] = {
            {.i = r->step}, {.i = r->units},  {.i = (int64_t)r->params}, {.i = (int64_t)r->macs},
            {.f = r->ms},   {.f = r->before}, {.f = r->after},           {.i = r->good},
            {.i = 0},       {.i = 0}};
        text_cell(&cells[N - 2], widths);
        text_cell(&cells[N - 1], note);
        if (job->add_row(job, t, cells) != IMP_OK)
            return NULL;
    }
    return t;
}

imp_table *pr_layers_table(imp_job *job, const struct pruning *p)
{
    static const imp_column columns[] = {{"layer", NULL, IMP_TEXT, 0},
                                         {"before", NULL, IMP_INT, 0},
                                         {"after", NULL, IMP_INT, 0},
                                         {"least", NULL, IMP_INT, 0},
                                         {"note", NULL, IMP_TEXT, 0}};
    imp_table *t = job->new_table(job, 5, columns);
    for (uint32_t i = 0; t && i < p->layer_count; i++) {
        const struct pr_layer *l = &p->layers[i];
        char note[300] = "";
        if (l->locked)
            snprintf(note, sizeof note, "left alone: %s", l->locked);
        else if (l->silent)
            snprintf(note, sizeof note,
                     "skipped in the last step: the criterion says the same of all its units");
        else if (l->held)
            snprintf(note, sizeof note,
                     "%u more would have gone in the last step, but for its least", l->held);
        imp_cell cells[5] = {{.i = 0},
                             {.i = l->original},
                             {.i = p->widths[p->best_row * p->layer_count + i]},
                             {.i = l->least},
                             {.i = 0}};
        text_cell(&cells[0], l->name);
        text_cell(&cells[4], note);
        if (job->add_row(job, t, cells) != IMP_OK)
            return NULL;
    }
    return t;
}

imp_table *pr_units_table(imp_job *job, const struct pruning *p)
{
    static const imp_column columns[] = {{"layer", NULL, IMP_TEXT, 0},
                                         {"unit", NULL, IMP_INT, 0},
                                         {"score", NULL, IMP_FLOAT, 0},
                                         {"unbiased", NULL, IMP_FLOAT, 0},
                                         {"gone_at", NULL, IMP_INT, 0}};
    imp_table *t = job->new_table(job, 5, columns);
    for (uint32_t i = 0; t && i < p->layer_count; i++) {
        const struct pr_layer *l = &p->layers[i];
        for (uint32_t u = 0; u < l->original && !l->locked; u++) {
            const uint32_t at = l->first + u, gone = p->gone_at[at];
            imp_cell cells[5] = {{.i = 0},
                                 {.i = u},
                                 {.f = p->first_raw[at]},
                                 {.f = p->first_score[at]},
                                 {.i = gone && gone <= p->best_row ? gone : 0}};
            text_cell(&cells[0], l->name);
            if (job->add_row(job, t, cells) != IMP_OK)
                return NULL;
        }
    }
    return t;
}
