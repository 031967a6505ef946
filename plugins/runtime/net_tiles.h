/* net_tiles.h - how a network that gives pictures can be run in pieces: how far a sample of its input
 * reaches in what it gives, and where tiles may begin. Operators with statistics of whole planes are
 * known by name; beyond that it is measured, not derived: two noise pictures that differ in one part
 * are put through the network, and what differs in the results tells. */
#ifndef IMP_RT_NET_TILES_H
#define IMP_RT_NET_TILES_H
#include "net.h"

struct net_tiling {
    bool whole;     /* statistics of the whole picture, or sizes that do not scale: no pieces */
    uint32_t reach; /* px of the input: what is farther away changes nothing (1e-5 of the range) */
    uint32_t align; /* tiles begin and end at multiples of it */
};
/* Puts about a megapixel in all through the network, four pieces of at least 256 x 128. [worker] */
imp_status net_measure(imp_nn_model *, const struct net_ends *, const kit_prepare *, imp_job *,
                       struct net_tiling *, imp_error *);

/* One axis of a picture cut into tiles of one length; both ends of a tile that are not ends of the
 * picture are left out of what is used of it. */
struct net_cuts {
    uint32_t count, length, tile, step, reach;
};
/* length: padded to align. false: the tile is too short for that reach. */
bool net_cut(uint32_t length, uint32_t tile, const struct net_tiling *, struct net_cuts *);
/* Tile i begins at *start; [*from, *to) of the axis is taken from it. */
void net_tile(const struct net_cuts *, uint32_t i, uint32_t *start, uint32_t *from, uint32_t *to);

#endif
