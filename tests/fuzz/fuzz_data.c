/* fuzz_data.c - any bytes as a file of a data set; the first byte says which: IDX pictures, IDX labels,
 * CIFAR records, a CSV table, CelebA's two lists, gzip, an attribute in words. The parsers are compiled
 * in with their mistakes; what is taken must hold together. */
#include "../../plugins/data/bytes.c"
#include "../../plugins/data/faults.c"
#include "../../plugins/data/parse_celeba.c"
#include "../../plugins/data/parse_cifar.c"
#include "../../plugins/data/parse_csv.c"
#include "../../plugins/data/parse_idx.c"
#include "../../plugins/data/room.c"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void idx(const uint8_t *data, size_t size, uint32_t axes, imp_error *err)
{
    idx_file f;
    size_t n = 1;
    if (idx_parse(data, size, axes, &f, err) != IMP_OK) {
        must(err->text[0]);
        return;
    }
    for (uint32_t i = 0; i < axes; i++)
        n *= f.shape[i];
    must(f.data + n == data + size);
}

static void cifar(const uint8_t *data, size_t size, imp_error *err)
{
    const cifar_layout layouts[] = {{1, 0, 10}, {2, 1, 100}, {2, 0, 20}};
    for (int i = 0; i < 3; i++) {
        uint64_t n;
        if (cifar_parse(data, size, &layouts[i], &n, err) == IMP_OK)
            must(n * (layouts[i].labels + CIFAR_PIXELS) == size);
        else
            must(err->text[0]);
    }
}

static void csv(const char *text, size_t size, struct room *room, struct faults *faults)
{
    struct csv t;
    if (!csv_parse("t.csv", text, size, room, faults, 0, &t)) {
        must(faults->total || room->failed);
        return;
    }
    for (uint64_t r = 0; r < t.rows; r++) {
        must(!r || t.lines[r] > t.lines[r - 1]);
        for (uint32_t c = 0; c < t.columns; c++)
            must(strlen(csv_cell(&t, r, c)) <= size);
    }
    for (uint32_t c = 0; c < t.columns; c++)
        must(csv_column(&t, t.names[c]) == c);
    must(fault_words(room, t.names, t.columns) != NULL);
}

static void celeba(char *text, bool parts, struct room *room, struct faults *faults)
{
    struct celeba_list l;
    if (!(parts ? celeba_parts : celeba_attributes)("l.txt", text, room, faults, 0, &l)) {
        must(faults->total || room->failed);
        return;
    }
    for (uint64_t i = 0; i < l.rows * l.columns; i++)
        must(parts ? l.values[i] >= 0 && l.values[i] <= 2 : l.values[i] == -1 || l.values[i] == 1);
    for (uint64_t i = 0; i < l.rows; i++)
        must(*l.files[i] && !strchr(l.files[i], ' '));
}

static void attribute(const char *text, char *buf, imp_error *err)
{
    kit_attribute a;
    if (kit_attribute_read(text, buf, &a, err) != IMP_OK)
        must(err->text[0]);
    else
        must(*a.name && (a.choices ? kit_choice_find(a.choices, "") < 0 : a.min <= a.max));
}

static void names(char *text)
{
    const char *list[4];
    const uint32_t n = cifar_names(text, list, 4);
    for (uint32_t i = 0; i < n && i < 4; i++)
        must(*list[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct room room = {0};
    struct faults faults = {.room = &room};
    char why[400] = "";
    imp_error err = {sizeof err, sizeof why, why, -1, -1};
    struct bytes in, out;
    if (!size)
        return 0;
    char *text = room_text(&room, (const char *)data + 1, size - 1);
    char *other = room_text(&room, (const char *)data + 1, size - 1);
    must(text && other);
    switch (data[0] % 8) {
    case 0: idx(data + 1, size - 1, 3, &err); break;
    case 1: idx(data + 1, size - 1, 1, &err); break;
    case 2: cifar(data + 1, size - 1, &err); names(text); break;
    case 3: csv((const char *)data + 1, size - 1, &room, &faults); break;
    case 4: celeba(text, false, &room, &faults); break;
    case 5: celeba(text, true, &room, &faults); break;
    case 6:
        in = (struct bytes){(uint8_t *)text, size - 1};
        must(bytes_gunzip("f.gz", &in, &room, &faults, 0, &out) == !faults.total);
        break;
    default: attribute(text, other, &err);
    }
    must((faults_tell(&faults, &err) == IMP_OK) == (!faults.total && !room.failed));
    room_free(&room);
    return 0;
}
