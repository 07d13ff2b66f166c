/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/chain.h"

#include "nn/arena.h"
#include "nn/initializer.h"
#include "nn/network.h"
#include "nn/random.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what cannot learn ------------------------------------------------------------------------------------------ */

/* The network of the body and one head. */
static NnStatus
check_network (const NnLayerSpec *specs, size_t n_layers, const NnLayerSpec *head, size_t bands, size_t min_frames,
    size_t max_frames, NnIssue *issue)
{
  NnLayerSpec *all = calloc (n_layers + 1, sizeof *all);
  NnNetwork *network = NULL;
  NnStatus status = NN_NO_MEMORY;

  if (!all)
    return NN_NO_MEMORY;
  memcpy (all, specs, n_layers * sizeof *all);
  all[n_layers] = *head;
  status = nn_network_new (all, n_layers + 1, bands, min_frames, max_frames, &network, issue);
  if (status == NN_OK && nn_network_output (network).rank != 1) {
    issue->layer = n_layers;
    snprintf (issue->text, sizeof issue->text, "a head needs a vector, but a sequence comes in");
    status = NN_BAD_SHAPE;
  }
  nn_network_free (network);
  free (all);
  return status;
}

static NnStatus
check (const NnLayerSpec *specs, size_t n_layers, size_t bands, size_t min_frames, size_t max_frames,
    const NnHead *heads, size_t n_heads, NnIssue *issue)
{
  for (size_t i = 0; i < n_layers; i++)
    if (!specs[i].class->training) {
      issue->layer = i;
      snprintf (issue->text, sizeof issue->text, "a layer of type %s cannot be trained", specs[i].class->type);
      return NN_BAD_LAYER;
    }
  for (size_t h = 0; h < n_heads; h++) {
    const NnLayerSpec spec = nn_head_spec (&heads[h]);
    const NnStatus status = check_network (specs, n_layers, &spec, bands, min_frames, max_frames, issue);

    if (issue->layer == n_layers)
      issue->layer += h;
    if (status != NN_OK)
      return status;
  }
  return NN_OK;
}

/* --- life ------------------------------------------------------------------------------------------------------- */

/* The next link; check() found that nothing is wrong with it. */
static void
add_link (NnChain *chain, NnLink *link, const NnLayerSpec *spec, NnShape in)
{
  const size_t aligned = NN_ARENA_ALIGNMENT / sizeof (float);
  NnIssue issue;
  const NnStatus status = nn_layer_configure (&link->layer, spec, in, &issue);

  assert (status == NN_OK);
  (void) status;
  for (unsigned t = 0; t < link->layer.n_tensors; t++) {
    link->offset[t] = chain->n_values;
    chain->n_values += (nn_tensor_size (&link->layer.tensors[t]) + aligned - 1) / aligned * aligned;
    chain->n_tensors++;
  }
}

static void
add_links (NnChain *chain, const NnLayerSpec *specs, const NnHead *heads, NnShape shape)
{
  for (size_t i = 0; i < chain->n_layers; i++) {
    add_link (chain, &chain->links[i], &specs[i], shape);
    shape = chain->links[i].layer.out;
  }
  for (size_t h = 0; h < chain->n_heads; h++) {
    const NnLayerSpec spec = nn_head_spec (&heads[h]);

    add_link (chain, &chain->links[chain->n_layers + h], &spec, shape);
    chain->losses[h] = heads[h].loss;
  }
}

static void
lay_out (NnChain *chain, NnArena *arena)
{
  chain->weights = nn_arena_take (arena, chain->n_values, sizeof (float));
  chain->gradients = nn_arena_take (arena, chain->n_values, sizeof (float));
}

/* And prepares each layer, so that later calls allocate nothing. */
static bool
allocate (NnChain *chain)
{
  NnArena arena = { 0 };

  lay_out (chain, &arena);
  if (!(chain->memory = nn_arena_allocate (&arena)))
    return false;
  lay_out (chain, &arena);

  for (size_t i = 0; i < chain->n_layers + chain->n_heads; i++) {
    NnLink *link = &chain->links[i];
    const NnLayerTraining *training = link->layer.spec.class->training;

    for (unsigned t = 0; t < link->layer.n_tensors; t++)
      link->layer.tensors[t].values = chain->weights + link->offset[t];
    if (training->prepare && training->prepare (&link->layer) != NN_OK)
      return false;
  }
  return true;
}

NnStatus
nn_chain_new (const NnLayerSpec *specs, size_t n_layers, size_t bands, size_t min_frames, size_t max_frames,
    const NnHead *heads, size_t n_heads, NnChain **ret_chain, NnIssue *reterr_issue)
{
  assert (n_layers > 0 && n_heads > 0);

  NnIssue issue = { 0 };
  const NnStatus status = check (specs, n_layers, bands, min_frames, max_frames, heads, n_heads, &issue);

  if (status == NN_BAD_LAYER || status == NN_BAD_SHAPE)
    *reterr_issue = issue;
  if (status != NN_OK)
    return status;

  NnChain *chain = calloc (1, sizeof *chain + (n_layers + n_heads) * sizeof *chain->links);

  if (!chain)
    return NN_NO_MEMORY;
  chain->n_layers = n_layers;
  chain->n_heads = n_heads;
  chain->max_frames = max_frames;
  chain->losses = calloc (n_heads, sizeof *chain->losses);
  if (!chain->losses)
    goto fail;
  add_links (chain, specs, heads, (NnShape){ .rank = 3, .items = max_frames, .rows = bands, .values = 1 });
  if (!allocate (chain))
    goto fail;
  *ret_chain = chain;
  return NN_OK;

fail:
  nn_chain_free (chain);
  return NN_NO_MEMORY;
}

void
nn_chain_free (NnChain *chain)
{
  if (!chain)
    return;
  for (size_t i = 0; i < chain->n_layers + chain->n_heads; i++) {
    NnLayer *layer = &chain->links[i].layer;

    for (unsigned t = 0; t < layer->n_tensors; t++)
      layer->tensors[t].values = NULL; /* are ours */
    nn_layer_clear (layer);
  }
  free (chain->losses);
  free (chain->memory);
  free (chain);
}

/* --- tensors ---------------------------------------------------------------------------------------------------- */

/* The link of a tensor, and its index there. */
static const NnLink *
find_tensor (const NnChain *chain, size_t index, unsigned *ret_tensor)
{
  const NnLink *link = chain->links;

  for (; index >= link->layer.n_tensors; link++)
    index -= link->layer.n_tensors;
  *ret_tensor = (unsigned) index;
  return link;
}

size_t
nn_chain_offset (const NnChain *chain, size_t index)
{
  unsigned tensor;
  const NnLink *link = find_tensor (chain, index, &tensor);

  return link->offset[tensor];
}

const NnTensor *
nn_chain_tensor (const NnChain *chain, size_t index)
{
  unsigned tensor;
  const NnLink *link = find_tensor (chain, index, &tensor);

  return &link->layer.tensors[tensor];
}

void
nn_chain_initialize (NnChain *chain, uint64_t seed)
{
  size_t index = 0;

  for (size_t i = 0; i < chain->n_layers + chain->n_heads; i++)
    for (unsigned t = 0; t < chain->links[i].layer.n_tensors; t++)
      nn_initialize (&chain->links[i].layer, t, nn_random_mix (seed, index++));
}
