/* plant.c - a network with redundancy of known truth for pruning.sh:
 *     plant NARROW.safetensors WIDE.ini SEED WIDE.safetensors TRUTH.csv
 * NARROW: pruning/nets/narrow.ini, trained; WIDE.ini: pruning/nets/planted.ini. Conv 1: each unit
 * four times; conv 2: as many dead; conv 3: a third dead, two thirds that hardly do anything; fc 1:
 * each unit twice; a branch that adds next to nothing. */
#include "planted.h"
#include <stdio.h>

static char *text_of(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 1 << 16);
    if (f && text && !fread(text, 1, (1 << 16) - 1, f))
        text[0] = 0;
    if (f)
        fclose(f);
    return text;
}

static int tell(const struct plant *all, const char *path)
{
    static const char *const kinds[] = {"real", "dead", "tiny"};
    FILE *f = fopen(path, "w");
    if (!f)
        return 1;
    fprintf(f, "layer,unit,kind,of,copies\n");
    for (const struct plant *l = all; l->name; l++)
        for (uint32_t u = 0; u < plant_width(l); u++)
            fprintf(f, "%s,%u,%s,%u,%u\n", l->name, u, kinds[l->kind[u]], l->unit[u], l->copies);
    return fclose(f) != 0;
}

int main(int argc, char **argv)
{
    struct plant all[] = {
        {.name = "conv1", .units = 8, .copies = 4},
        {.name = "conv2", .reads = "conv1", .units = 16, .copies = 1, .dead = 16},
        {.name = "conv3", .reads = "conv2", .units = 24, .copies = 1, .dead = 8, .tiny = 16},
        {.name = "fc1", .reads = "conv3", .units = 32, .copies = 2},
        {.name = "fc2", .reads = "fc1", .units = 20, .copies = 1},
        {.name = NULL}};
    char why[1000] = "";
    imp_error err = {
        .struct_size = sizeof err, .text_cap = sizeof why, .text = why, .param = -1, .port = -1};
    imp_nn_model *narrow = NULL, *wide = NULL;
    if (argc != 6)
        return fprintf(stderr,
                       "plant NARROW.safetensors WIDE.ini SEED WIDE.safetensors TRUTH.csv\n"),
               2;
    for (struct plant *l = all; l->name; l++)
        plant_deal(l, (uint64_t)atoi(argv[3]) * 100 + (uint64_t)(l - all));
    for (uint32_t i = 0; i < 20; i++) /* what the network gives stays in its order */
        all[4].unit[i] = i;
    char *text = text_of(argv[2]);
    imp_status st = rt_model_table.open(NULL, argv[1], NULL, &narrow, &err);
    if (st == IMP_OK)
        wide = plant_wide(all, narrow, text, "branch2", "conv2", &err);
    st = wide ? rt_train_table.save(NULL, wide, argv[4], &err) : IMP_E_FAILED;
    if (wide)
        rt_model_table.release(NULL, wide, NULL);
    if (narrow)
        rt_model_table.release(NULL, narrow, NULL);
    free(text);
    if (st != IMP_OK)
        fprintf(stderr, "plant: %s\n", why);
    const int failed = st != IMP_OK || tell(all, argv[5]);
    plant_end(all);
    return failed;
}
