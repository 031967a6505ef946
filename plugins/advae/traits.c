/* traits.c - attributes as words and as numbers. */
#include "traits.h"
#include <impasto/kit_data.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which they are ---- */

static void place(struct av_traits *t, struct av_trait *a)
{
    const uint32_t n = a->choices[0] ? kit_choice_count(a->choices) : 1;
    a->at = t->width, a->width = n;
    a->bins_at = t->bins, a->bins = a->choices[0] ? n : AV_BINS;
    t->width += a->width, t->bins += a->bins;
}

const struct av_trait *av_trait_find(const struct av_traits *t, const char *name, size_t length)
{
    for (uint32_t i = 0; i < t->count; i++)
        if (!strncmp(t->all[i].name, name, length) && !t->all[i].name[length])
            return &t->all[i];
    return NULL;
}

/* A trait more, by name, of a column. */
static imp_status add(struct av_traits *t, const char *name, size_t length, const imp_attribute *a,
                      uint32_t column, imp_error *err)
{
    struct av_trait *to = &t->all[t->count];
    if (t->count == AV_TRAITS)
        return imp_fail(err, IMP_E_PARAM, "more than %d attributes", AV_TRAITS);
    if (!length || length >= AV_NAME)
        return imp_fail(err, IMP_E_PARAM, "a name of an attribute has 1 to %d letters",
                        AV_NAME - 1);
    if (av_trait_find(t, name, length))
        return imp_fail(err, IMP_E_PARAM, "attribute '%.*s' is named twice", (int)length, name);
    if (a->choices && strlen(a->choices) >= AV_CHOICES)
        return imp_fail(err, IMP_E_PARAM, "attribute '%s' has too many choices", a->name);
    if (!a->choices && !(a->max > a->min))
        return imp_fail(err, IMP_E_PARAM,
                        "attribute '%s' is a number without a range: declare it, %s:0..1 say",
                        a->name, a->name);
    *to = (struct av_trait){.min = a->min, .max = a->max, .column = column};
    memcpy(to->name, name, length);
    if (a->choices)
        memcpy(to->choices, a->choices, strlen(a->choices) + 1);
    place(t, to);
    if (t->width > AV_WIDTH)
        return imp_fail(err, IMP_E_PARAM,
                        "all attributes together are more than %d choices and numbers", AV_WIDTH);
    t->count++;
    return IMP_OK;
}

/* The column of that name; the error lists what there is. */
static imp_status column_of(const imp_dataset *d, const char *name, size_t length, uint32_t *column,
                            imp_error *err)
{
    char names[600] = "";
    for (uint32_t i = 0; i < d->attribute_count; i++) {
        if (!strncmp(d->attributes[i].name, name, length) && !d->attributes[i].name[length]) {
            *column = i;
            return IMP_OK;
        }
        if (strlen(names) + strlen(d->attributes[i].name) + 2 < sizeof names)
            strcat(strcat(names, " "), d->attributes[i].name);
    }
    return imp_fail(err, IMP_E_PARAM, "the data set has no attribute '%.*s'; it has:%s",
                    (int)length, name, *names ? names : " none");
}

/* hair=black:Black_Hair|blond:Blond_Hair */
static imp_status add_group(struct av_traits *t, const imp_dataset *d, const char *word,
                            const char *parts, imp_error *err)
{
    uint32_t columns[AV_GROUP], n = 0;
    char choices[AV_CHOICES] = "";
    for (const char *at = parts;; at++) {
        const size_t length = strcspn(at, "|"), colon = strcspn(at, ":|");
        const char *name = colon < length ? at + colon + 1 : at;
        if (n == AV_GROUP || strlen(choices) + colon + 2 > sizeof choices)
            return imp_fail(err, IMP_E_PARAM, "'%s' has too many parts", word);
        const imp_status st = column_of(d, name, (size_t)(at + length - name), &columns[n], err);
        if (st != IMP_OK)
            return st;
        strncat(n++ ? strcat(choices, "|") : choices, at, colon);
        if (!*(at += length))
            break;
    }
    const imp_attribute as = {.choices = choices};
    const imp_status st = add(t, word, strcspn(word, "="), &as, columns[0], err);
    if (st == IMP_OK) {
        t->all[t->count - 1].group = n;
        memcpy(t->all[t->count - 1].columns, columns, sizeof columns);
    }
    return st;
}

static imp_status add_word(struct av_traits *t, const imp_dataset *d, const char *word,
                           imp_error *err)
{
    const char *equals = strchr(word, '='), *column = equals ? equals + 1 : word;
    uint32_t i;
    if (equals && strchr(column, '|'))
        return add_group(t, d, word, column, err);
    const imp_status st = column_of(d, column, strlen(column), &i, err);
    return st == IMP_OK ? add(t, word, equals ? (size_t)(equals - word) : strlen(word),
                              &d->attributes[i], i, err)
                        : st;
}

imp_status av_traits_of(const imp_dataset *d, const char *const *words, uint64_t count,
                        struct av_traits *t, const char **word, imp_error *err)
{
    imp_status st = IMP_OK;
    *t = (struct av_traits){.count = 0};
    if (word)
        *word = NULL;
    for (uint64_t i = 0; i < count && st == IMP_OK; i++)
        if ((st = add_word(t, d, words[i], err)) != IMP_OK && word)
            *word = words[i];
    for (uint32_t i = 0; !count && i < d->attribute_count && st == IMP_OK; i++)
        st =
            add(t, d->attributes[i].name, strlen(d->attributes[i].name), &d->attributes[i], i, err);
    if (st == IMP_OK && !t->count)
        st = imp_fail(err, IMP_E_INPUT, "the data set has no attributes to control");
    return st;
}

/* ---- as a line ---- */

static void number(char *text, size_t size, double v)
{
    snprintf(text, size, "%.9g", v);
    kit_points(text);
}

void av_traits_write(const struct av_traits *t, char *text)
{
    char low[32], high[32];
    size_t used = 0;
    *text = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        const struct av_trait *a = &t->all[i];
        number(low, sizeof low, a->min), number(high, sizeof high, a->max);
        used += (size_t)snprintf(text + used, AV_LINE - used, "%s%s:%s%s%s", i ? " " : "", a->name,
                                 a->choices[0] ? a->choices : low, a->choices[0] ? "" : "..",
                                 a->choices[0] ? "" : high);
    }
}

imp_status av_traits_read(const char *text, struct av_traits *t, imp_error *err)
{
    *t = (struct av_traits){.count = 0};
    while (*text) {
        char word[AV_NAME + AV_CHOICES + 64], buf[sizeof word];
        const size_t n = strcspn(text, " ");
        kit_attribute a;
        if (n >= sizeof word)
            return imp_fail(err, IMP_E_INPUT, "an attribute of the model has too many letters");
        memcpy(word, text, n);
        word[n] = 0;
        imp_status st = kit_attribute_read(word, buf, &a, err);
        const imp_attribute as = {.name = a.name, .choices = a.choices, .min = a.min, .max = a.max};
        if (st == IMP_OK)
            st = add(t, as.name, strlen(as.name), &as, t->count, err);
        if (st != IMP_OK)
            return IMP_E_INPUT;
        text += n + strspn(text + n, " ");
    }
    return t->count ? IMP_OK : imp_fail(err, IMP_E_INPUT, "the model names no attributes");
}

void av_traits_names(const struct av_traits *t, char *text, size_t size)
{
    *text = 0;
    for (uint32_t i = 0; i < t->count; i++)
        if (strlen(text) + strlen(t->all[i].name) + 2 < size)
            strcat(strcat(text, i ? " " : ""), t->all[i].name);
}

/* ---- as numbers ---- */

void av_trait_open(const struct av_trait *a, float *y)
{
    for (uint32_t k = 0; k < a->width; k++)
        y[a->at + k] = a->choices[0] ? 1 / (float)a->width : 0;
}

void av_trait_leave(const struct av_trait *a, const float *photo, float *told, float *wanted)
{
    memcpy(wanted + a->at, photo + a->at, a->width * sizeof *wanted);
    av_trait_open(a, told);
}

/* Of a group, the column that alone says yes; NaN when none does, or several. */
static double value_of(const struct av_trait *a, const double *attributes)
{
    double found = NAN;
    if (!a->group)
        return attributes[a->column];
    for (uint32_t k = 0; k < a->group; k++) {
        if (!(attributes[a->columns[k]] > 0))
            continue;
        if (!isnan(found))
            return NAN;
        found = k;
    }
    return found;
}

void av_traits_encode(const struct av_traits *t, const double *attributes, float *y, float *known)
{
    for (uint32_t i = 0; i < t->count; i++) {
        const struct av_trait *a = &t->all[i];
        const double v = value_of(a, attributes);
        known[i] = !isnan(v);
        av_trait_open(a, y);
        for (uint32_t k = 0; k < a->width && a->choices[0] && known[i] > 0; k++)
            y[a->at + k] = k == (uint32_t)v;
        if (!a->choices[0] && known[i] > 0) {
            const double s = 2 * (v - a->min) / (a->max - a->min) - 1;
            y[a->at] = (float)(s < -1 ? -1 : s > 1 ? 1 : s);
        }
    }
}

uint32_t av_trait_bin(const struct av_trait *a, const float *y)
{
    if (!a->choices[0])
        return y[a->at] < -1.0f / 3 ? 0 : y[a->at] < 1.0f / 3 ? 1 : 2;
    uint32_t best = 0;
    for (uint32_t k = 1; k < a->width; k++)
        if (y[a->at + k] > y[a->at + best])
            best = k;
    return best;
}

/* drawing:all|face, behind a name and '=': which samples' drawings show it. */
static imp_status show_in(struct av_trait *a, const imp_dataset *d, const char *text,
                          imp_error *err)
{
    const size_t name = strcspn(text, ":");
    uint32_t column;
    const imp_status st = column_of(d, text, name, &column, err);
    if (st != IMP_OK)
        return st;
    const char *choices = d->attributes[column].choices;
    a->shown_in = column + 1, a->shown_by = 0;
    for (const char *at = text + name; choices && *at; at += strcspn(at, "|")) {
        char word[AV_CHOICES];
        const size_t length = strcspn(++at, "|");
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        const int64_t k = kit_choice_find(choices, word);
        if (k < 0 || k >= 64)
            return imp_fail(err, IMP_E_PARAM, "attribute '%s' has no '%s'; it has: %s",
                            d->attributes[column].name, word, choices);
        a->shown_by |= (uint64_t)1 << k;
    }
    return a->shown_by
               ? IMP_OK
               : imp_fail(err, IMP_E_PARAM,
                          "'%s' names no choices of an attribute, as in drawing:all|face", text);
}

imp_status av_traits_show(struct av_traits *t, const imp_dataset *d, const char *const *words,
                          uint64_t count, imp_error *err)
{
    for (uint64_t i = 0; i < count; i++) {
        const size_t length = strcspn(words[i], "=");
        bool found = false;
        for (uint32_t k = 0; k < t->count && !found; k++) {
            if (strncmp(t->all[k].name, words[i], length) != 0 || t->all[k].name[length])
                continue;
            t->all[k].shown = 1, found = true;
            const imp_status st =
                words[i][length] ? show_in(&t->all[k], d, words[i] + length + 1, err) : IMP_OK;
            if (st != IMP_OK)
                return st;
        }
        if (!found) {
            char all[AV_TRAITS * AV_NAME];
            av_traits_names(t, all, sizeof all);
            return imp_fail(err, IMP_E_PARAM, "no attribute '%.*s' is under control; there is: %s",
                            (int)length, words[i], all);
        }
    }
    return IMP_OK;
}

bool av_trait_shown(const struct av_trait *a, const double *attributes)
{
    const double v = a->shown_in ? attributes[a->shown_in - 1] : 0;
    return a->shown && (!a->shown_in || (v >= 0 && v < 64 && a->shown_by >> (uint32_t)v & 1));
}

void av_traits_draw(const struct av_traits *t, uint64_t seed, uint64_t i, float *y)
{
    for (uint32_t k = 0; k < t->count; k++) {
        const struct av_trait *a = &t->all[k];
        const double u = kit_uniform(seed, 0x74726100u + k, i);
        if (!a->choices[0])
            y[a->at] = (float)(2 * u - 1);
        for (uint32_t c = 0; a->choices[0] && c < a->width; c++)
            y[a->at + c] = c == (uint32_t)(u * a->width);
    }
}

/* ---- as a preset says them ---- */

static imp_status wrong(const struct av_trait *a, const char *text, imp_error *err)
{
    char low[32], high[32], list[AV_CHOICES];
    if (!a->choices[0]) {
        number(low, sizeof low, a->min), number(high, sizeof high, a->max);
        return imp_fail(err, IMP_E_PARAM, "'%s' is no number from %s to %s", text, low, high);
    }
    memcpy(list, a->choices, sizeof list);
    for (char *at = list; *at; at++)
        if (*at == '|')
            *at = ' ';
    return imp_fail(err, IMP_E_PARAM,
                    "'%s' is none of: %s; a share from 0 to 1 may follow each, as in '%.*s 0.7'",
                    text, list, (int)strcspn(a->choices, "|"), a->choices);
}

static imp_status set_number(const struct av_trait *a, const char *text, float *y, imp_error *err)
{
    const char *end;
    const double v = kit_number(text, &end);
    if (end == text || *end || !(v >= a->min && v <= a->max))
        return wrong(a, text, err);
    y[a->at] = (float)(2 * (v - a->min) / (a->max - a->min) - 1);
    return IMP_OK;
}

/* The next word, cut off; NULL at the end. */
static char *next_word(char **text)
{
    char *word = *text + strspn(*text, " \t");
    char *end = word + strcspn(word, " \t");
    *text = *end ? end + 1 : end;
    *end = 0;
    return *word ? word : NULL;
}

static int64_t choice_of(const struct av_trait *a, const char *word)
{
    const int64_t k = kit_choice_find(a->choices, word);
    if (k >= 0 || a->width != 2)
        return k;
    return !strcmp(word, "yes") || !strcmp(word, "1")  ? 1
           : !strcmp(word, "no") || !strcmp(word, "0") ? 0
                                                       : -1;
}

static imp_status set_choice(const struct av_trait *a, char *copy, const char *text, float *y,
                             imp_error *err)
{
    double share[AV_WIDTH] = {0}, sum = 0;
    uint32_t named = 0;
    bool given[AV_WIDTH] = {false};
    char *word = next_word(&copy);
    while (word) {
        const int64_t k = choice_of(a, word);
        if (k < 0 || given[k])
            return wrong(a, text, err);
        given[k] = true, named++, share[k] = 1;
        if ((word = next_word(&copy)) && choice_of(a, word) < 0) {
            const char *end;
            share[k] = kit_number(word, &end);
            if (end == word || *end || !(share[k] >= 0 && share[k] <= 1))
                return wrong(a, text, err);
            word = next_word(&copy);
        }
        sum += share[k];
    }
    if (!named)
        return wrong(a, text, err);
    const double rest = sum < 1 && named < a->width ? (1 - sum) / (a->width - named) : 0;
    const double scale = sum > 1 || (named == a->width && sum > 0) ? 1 / sum : 1;
    for (uint32_t k = 0; k < a->width; k++)
        y[a->at + k] = (float)(given[k] ? share[k] * scale : rest);
    return IMP_OK;
}

imp_status av_trait_set(const struct av_trait *a, const char *text, float *y, imp_error *err)
{
    char copy[512];
    if (!a->choices[0])
        return set_number(a, text, y, err);
    if (strlen(text) >= sizeof copy)
        return wrong(a, "(a long text)", err);
    return set_choice(a, memcpy(copy, text, strlen(text) + 1), text, y, err);
}
