/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/heads.h"

#include "nn/layers.h"

#include <string.h>

NnLayerSpec
nn_head_spec (const NnHead *head)
{
  NnLayerSpec spec = nn_layer_spec_default (&nn_dense_class);

  memcpy (spec.name, head->name, sizeof spec.name);
  spec.units = head->units > NN_MAX_UNITS ? NN_MAX_UNITS + 1 : (unsigned) head->units;
  return spec;
}

bool
nn_head_weigh (NnLoss loss, const NnTarget *target, size_t first, size_t samples, size_t units, const float *out,
    float *dout, double *sum)
{
  bool any = false;

  for (size_t k = 0; k < samples; k++, out += units, dout += units) {
    const float weight = target->weights[first + k];

    if (weight == 0) {
      memset (dout, 0, units * sizeof *dout);
      continue;
    }
    *sum += (double) weight * nn_loss (loss, out, target->values + (first + k) * units, units, dout);
    for (size_t u = 0; u < units; u++)
      dout[u] *= weight;
    any = true;
  }
  return any;
}
