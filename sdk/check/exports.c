/* exports.c - reads the dynamic symbols of a 64-bit little-endian ELF file; every offset is
 * checked. Source: System V ABI, chapter 4; <elf.h>. */
#include "exports.h"
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct image {
    unsigned char *data;
    size_t size;
};

struct search {
    void (*found)(void *user, const char *name);
    void *user;
    bool imports; /* else exports */
};

static const char *slurp(const char *path, struct image *out, char *buf, size_t size)
{
    FILE *f = fopen(path, "rb");
    long n = -1;
    if (f && fseek(f, 0, SEEK_END) == 0)
        n = ftell(f);
    out->data = n > 0 ? malloc((size_t)n) : NULL;
    out->size = out->data ? (size_t)n : 0;
    const bool whole =
        out->data && fseek(f, 0, SEEK_SET) == 0 && fread(out->data, 1, out->size, f) == out->size;
    if (!whole)
        snprintf(buf, size, "%s: cannot be read: %s", path,
                 n == 0 ? "it is empty" : strerror(errno));
    if (f)
        fclose(f);
    return whole ? NULL : buf;
}

/* The bytes [offset, offset + size) of the file, NULL when they are not all there. */
static const void *within(const struct image *m, uint64_t offset, uint64_t size)
{
    return offset <= m->size && size <= m->size - offset ? m->data + offset : NULL;
}

static bool starts(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* Does the toolchain export it whatever the author does? */
static bool of_the_toolchain(const char *name, unsigned bind)
{
    static const char *const always[] = {"_init", "_fini", "_edata", "_end", "__bss_start"};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (strcmp(name, always[i]) == 0)
            return true;
    return (bind != STB_GLOBAL && starts(name, "_Z")) || starts(name, "__odr_asan") ||
           starts(name, "__asan_") || starts(name, "__gcov_") || starts(name, "__llvm_") ||
           starts(name, "__start_") || starts(name, "__stop_");
}

static void each_symbol(const struct image *m, const Elf64_Shdr *syms, const Elf64_Shdr *names,
                        const struct search *what)
{
    const char *texts = within(m, names->sh_offset, names->sh_size);
    for (uint64_t at = 0; texts && at + sizeof(Elf64_Sym) <= syms->sh_size;
         at += sizeof(Elf64_Sym)) {
        Elf64_Sym s;
        const void *p = within(m, syms->sh_offset + at, sizeof s);
        if (!p)
            return;
        memcpy(&s, p, sizeof s);
        const unsigned bind = ELF64_ST_BIND(s.st_info), seen = ELF64_ST_VISIBILITY(s.st_other);
        const bool taken = s.st_shndx == SHN_UNDEF && bind == STB_GLOBAL,
                   shown = s.st_shndx != SHN_UNDEF && bind != STB_LOCAL &&
                           (seen == STV_DEFAULT || seen == STV_PROTECTED);
        if (!(what->imports ? taken : shown))
            continue;
        if (s.st_name < names->sh_size &&
            memchr(texts + s.st_name, 0, names->sh_size - s.st_name) &&
            (what->imports || !of_the_toolchain(texts + s.st_name, bind)))
            what->found(what->user, texts + s.st_name);
    }
}

static const char *read_symbols(const struct image *m, const struct search *what)
{
    Elf64_Ehdr head;
    if (m->size < sizeof head)
        return "is too short for a shared object";
    memcpy(&head, m->data, sizeof head);
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
        return "is not a shared object (no ELF file)";
    if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB ||
        head.e_type != ET_DYN)
        return "is not a 64-bit shared object of this kind of machine";
    bool any = false;
    for (uint64_t i = 0; i < head.e_shnum && head.e_shentsize == sizeof(Elf64_Shdr); i++) {
        Elf64_Shdr syms, names;
        const void *p = within(m, head.e_shoff + i * sizeof syms, sizeof syms);
        if (!p)
            return "is cut off";
        memcpy(&syms, p, sizeof syms);
        if (syms.sh_type != SHT_DYNSYM)
            continue;
        p = syms.sh_link < head.e_shnum
                ? within(m, head.e_shoff + (uint64_t)syms.sh_link * sizeof names, sizeof names)
                : NULL;
        if (!p)
            return "is cut off";
        memcpy(&names, p, sizeof names);
        each_symbol(m, &syms, &names, what);
        any = true;
    }
    return any ? NULL : "has no dynamic symbols";
}

static const char *read_file(const char *path, const struct search *what, char *buf, size_t size)
{
    struct image m = {0};
    const char *why = slurp(path, &m, buf, size);
    if (!why && (why = read_symbols(&m, what))) {
        snprintf(buf, size, "%s %s", path, why);
        why = buf;
    }
    free(m.data);
    return why;
}

const char *exports_read(const char *path, void (*found)(void *user, const char *name), void *user,
                         char *buf, size_t size)
{
    return read_file(path, &(const struct search){found, user, false}, buf, size);
}

const char *imports_read(const char *path, void (*found)(void *user, const char *name), void *user,
                         char *buf, size_t size)
{
    return read_file(path, &(const struct search){found, user, true}, buf, size);
}
