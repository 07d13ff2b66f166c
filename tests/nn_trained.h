/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tests/nn_trained.h - what the network gives that a trainer has made: body and one head, by the moving average.
 *
 * Layer:   tests; uses nn.
 * Threads: pure but for the trainer.
 */
#ifndef TESTS_NN_TRAINED_H
#define TESTS_NN_TRAINED_H

#include "nn/layers.h"
#include "nn/run.h"
#include "nn/trainer.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

/* Every tensor by its name. */
static inline void
nn_trained_fill (NnTrainer *trainer, NnNetwork *network)
{
  for (size_t i = 0; i < nn_network_n_tensors (network); i++) {
    NnTensor *tensor = nn_network_tensor (network, i);
    bool found = false;

    for (size_t t = 0; t < nn_trainer_n_tensors (trainer); t++)
      if (strcmp (nn_trainer_tensor (trainer, t)->name, tensor->name) == 0) {
        memcpy (tensor->values, nn_trainer_array (trainer, NN_TRAINER_AVERAGE, t),
            nn_tensor_size (tensor) * sizeof (float));
        found = true;
      }
    CHECK (found, "no tensor %s", tensor->name);
  }
}

/* specs  [n_layers] the body
 * input  [samples][frames][bands]
 * out    [samples][head->units], before softmax or sigmoid */
static inline void
nn_trained_outputs (NnTrainer *trainer, const NnLayerSpec *specs, size_t n_layers, const NnHead *head,
    const float *input, size_t samples, size_t frames, size_t bands, float *out)
{
  NnLayerSpec *all = calloc (n_layers + 1, sizeof *all);
  NnNetwork *network;
  NnIssue issue;

  if (!all)
    abort ();
  memcpy (all, specs, n_layers * sizeof *all);
  all[n_layers] = nn_layer_spec_default (&nn_dense_class);
  memcpy (all[n_layers].name, head->name, sizeof all->name);
  all[n_layers].units = (unsigned) head->units;
  if (nn_network_new (all, n_layers + 1, bands, frames, frames, &network, &issue) != NN_OK)
    abort ();
  free (all);
  nn_trained_fill (trainer, network);

  NnRun *run = nn_network_prepare (network) == NN_OK ? nn_run_new (network, frames) : NULL;

  if (!run)
    abort ();
  for (size_t s = 0; s < samples; s++)
    nn_run_forward (run, input + s * frames * bands, frames, out + s * head->units);
  nn_run_free (run);
  nn_network_free (network);
}

#endif
