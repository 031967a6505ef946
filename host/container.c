/* Kinds of picture files: by content, by ending. */
#include "container.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

#define NOTE(a) "its content is " a ", not what its ending says: read as " a
#define OURS(name, endings) {name, endings, NULL, NOTE(name)}
#define OTHER(name, endings, convert) {name, endings, convert, NULL}
static const struct kind kinds[] = {
    OURS("PNG", "png"),
    OURS("JPEG", "jpg jpeg jpe jfif"),
    OURS("BMP", "bmp dib"),
    OURS("TGA", "tga"),
    OURS("PNM", "ppm pgm pbm pnm"),
    OURS("PFM", "pfm"),
    OURS("HDR", "hdr rgbe"),
    OTHER("GIF", "gif", "magick 'x.gif[0]' x.png"),
    OTHER("TIFF", "tif tiff", "magick x.tif x.png"),
    OTHER("WebP", "webp", "magick x.webp x.png"),
    OTHER("HEIF", "heic heif hif", "heif-convert x.heic x.png"),
    OTHER("AVIF", "avif", "magick x.avif x.png"),
    OTHER("JPEG XL", "jxl", "djxl x.jxl x.png"),
    OTHER("JPEG 2000", "jp2 j2k jpf jpx", "magick x.jp2 x.png"),
    OTHER("OpenEXR", "exr", "magick x.exr x.hdr"),
    OTHER("Photoshop", "psd psb", "magick 'x.psd[0]' x.png"),
    OTHER("GIMP", "xcf", "magick x.xcf -flatten x.png"),
    OTHER("icon", "ico cur", "magick 'x.ico[0]' x.png"),
    OTHER("SVG", "svg svgz", "rsvg-convert -o x.png x.svg"),
    OTHER("PDF", "pdf eps ps ai", "pdftoppm -png x.pdf x"),
    OTHER("camera raw", "cr2 cr3 crw nef nrw arw sr2 raf orf rw2 pef srw dng raw 3fr iiq x3f",
          "magick x.dng x.png"),
    OTHER("film", "mp4 mov avi mkv webm", "ffmpeg -i x.mp4 x-%04d.png"),
};
#define N_KINDS (sizeof kinds / sizeof kinds[0])

struct magic {
    const char *kind, *bytes;
    size_t at, size;
};
#define MAGIC(kind, at, text) {kind, text, at, sizeof text - 1}
static const struct magic magics[] = {
    MAGIC("PNG", 0, "\x89PNG\r\n\x1a\n"), MAGIC("JPEG", 0, "\xff\xd8\xff"),
    MAGIC("HDR", 0, "#?RADIANCE"),        MAGIC("HDR", 0, "#?RGBE"),
    MAGIC("GIF", 0, "GIF8"),              MAGIC("TIFF", 0, "II*\0"),
    MAGIC("TIFF", 0, "MM\0*"),            MAGIC("TIFF", 0, "II+\0"),
    MAGIC("WebP", 8, "WEBPVP8"),          MAGIC("AVIF", 4, "ftypavif"),
    MAGIC("HEIF", 4, "ftyphei"),          MAGIC("HEIF", 4, "ftypmif1"),
    MAGIC("HEIF", 4, "ftypmsf1"),         MAGIC("camera raw", 4, "ftypcrx "),
    MAGIC("JPEG XL", 0, "\xff\x0a"),      MAGIC("JPEG XL", 4, "JXL \r\n\x87\n"),
    MAGIC("JPEG 2000", 4, "jP  \r\n\x87\n"), MAGIC("JPEG 2000", 0, "\xff\x4f\xff\x51"),
    MAGIC("OpenEXR", 0, "\x76\x2f\x31\x01"), MAGIC("Photoshop", 0, "8BPS"),
    MAGIC("GIMP", 0, "gimp xcf"),         MAGIC("PDF", 0, "%PDF-"),
    MAGIC("PDF", 0, "%!PS"),              MAGIC("SVG", 0, "<svg"),
    MAGIC("camera raw", 0, "FUJIFILMCCD-RAW"), MAGIC("icon", 0, "\0\0\x01\0"),
};

const struct kind *kind_by_name(const char *name)
{
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

/* BMP's two letters and PNM's one letter and digit need a second look. */
static const char *short_magic(const uint8_t *p, size_t size)
{
    if (size >= 18 && memcmp(p, "BM", 2) == 0 && le32(p + 14) >= 12 && le32(p + 14) <= 256)
        return "BMP";
    if (size < 3 || p[0] != 'P' || !(isspace(p[2]) || p[2] == '#'))
        return NULL;
    if (p[1] >= '1' && p[1] <= '6')
        return "PNM";
    return p[1] == 'F' || p[1] == 'f' ? "PFM" : NULL;
}

const struct kind *kind_of_content(const void *data, size_t size)
{
    static const char footer[] = "TRUEVISION-XFILE."; /* with its NUL, the last bytes of a new TGA */
    const uint8_t *p = data;
    const char *name;

    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        const struct magic *m = &magics[i];
        if (size >= m->at + m->size && memcmp(p + m->at, m->bytes, m->size) == 0)
            return kind_by_name(m->kind);
    }
    name = short_magic(p, size);
    if (!name && size >= 18 + sizeof footer && memcmp(p + size - sizeof footer, footer, sizeof footer) == 0)
        name = "TGA";
    return name ? kind_by_name(name) : NULL;
}

const char *path_ending(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash + 1 : path, '.');
    return dot ? dot + 1 : "";
}

bool has_word(const char *list, const char *word)
{
    const size_t n = strlen(word);

    while (n && *list) {
        const size_t k = strcspn(list, " ");
        if (k == n && strncasecmp(list, word, n) == 0)
            return true;
        list += k + strspn(list + k, " ");
    }
    return false;
}

const struct kind *kind_of_path(const char *path)
{
    const char *ending = strchr(path, '.') ? path_ending(path) : path;

    for (size_t i = 0; i < N_KINDS; i++)
        if (has_word(kinds[i].endings, ending))
            return &kinds[i];
    return NULL;
}
