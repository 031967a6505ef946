/* fuzz_params.c - any text as a value of any type: the first byte chooses the row, the rest is the
 * text. What is taken prints to a text that is taken as the same value. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "params.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const imp_param rows[] = {
    {.key = "bool", .type = IMP_BOOL},
    {.key = "int", .type = IMP_INT, .min = -100, .max = 100, .unit = "px"},
    {.key = "any_int", .type = IMP_INT},
    {.key = "bytes", .type = IMP_INT, .unit = "bytes"},
    {.key = "float", .type = IMP_FLOAT, .min = 0, .max = 1, .unit = "%"},
    {.key = "any_float", .type = IMP_FLOAT, .min = -INFINITY, .max = INFINITY},
    {.key = "choice", .type = IMP_CHOICE, .choices = "original|single|random"},
    {.key = "text", .type = IMP_TEXT},
    {.key = "path", .type = IMP_PATH},
    {.key = "numbers", .type = IMP_NUMBERS},
    {.key = "names", .type = IMP_NAMES},
    {.key = "colour", .type = IMP_COLOUR, .def_text = "#123456"},
};
enum { ROWS = sizeof rows / sizeof *rows };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct arena a;
    arena_init(&a);
    struct report *report = report_new();
    const imp_param *row = &rows[data[0] % ROWS];
    const char *text = arena_strndup(&a, (const char *)data + 1, size - 1);
    const struct place at = {"fuzz.ini", text, 1, 1, (int)strlen(text)};
    imp_cell cell, back;
    const bool taken = params_parse(&a, row, text, &at, "node", report, &cell);
    if (taken != (report_count(report, SEV_ERROR) == 0))
        abort();
    if (taken) {
        const char *once = params_print(&a, row, &cell);
        if (!params_parse(&a, row, once, NULL, "node", report, &back) ||
            strcmp(once, params_print(&a, row, &back)) != 0)
            abort();
    }
    double real;
    long long whole;
    unsigned long long bytes;
    char buf[32];
    if (parse_real(text, &real) && !(parse_real(print_real(real, buf), &real)))
        abort();
    parse_integer(text, &whole);
    if (parse_bytes(text, &bytes))
        print_bytes(bytes, buf);
    FILE *sink = fopen("/dev/null", "w");
    if (sink) {
        report_flush(report, sink, false, false);
        fclose(sink);
    }
    report_free(report);
    arena_fini(&a);
    return 0;
}
