/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/layer.h - what a layer is: its description, its tensors, and the two things it can do.
 *
 * Layer:   nn; links nothing by itself.
 * Threads: NnLayerSpec, NnShape and NnLayerClass are plain or constant data.
 *
 * Memory order of all activations, innermost last:
 *   image     [columns][rows][channels]   time, mel, feature map
 *   sequence  [steps][values]
 *   vector    [values]
 * A column (or a step, or the whole vector) is one *item*.  Every layer either works item by item (`push`), or needs
 * all of them (`forward`), or both, one after the other: the GRU multiplies each step with its kernel by itself,
 * then runs over all.  What works item by item can be shared between overlapping windows of a stream.
 */
#ifndef NN_LAYER_H
#define NN_LAYER_H

#include <stdbool.h>
#include <stddef.h>

typedef enum NnStatus
{
  NN_OK,
  NN_NO_MEMORY,
  NN_BAD_LAYER, /* a parameter of a layer is out of its range */
  NN_BAD_SHAPE, /* a layer cannot follow the one before, or no frame is left */
} NnStatus;

typedef enum NnPadding
{
  NN_PADDING_VALID,
  NN_PADDING_SAME, /* floor ((k - 1) / 2) before, the rest after */
} NnPadding;

typedef enum NnActivation
{
  NN_ACTIVATION_TANH,
  NN_ACTIVATION_SIGMOID,
  NN_ACTIVATION_HARD_SIGMOID, /* clip (.2 x + .5, 0, 1) */
  NN_ACTIVATION_RELU,
} NnActivation;

typedef enum NnStat
{
  NN_STAT_MEAN,
  NN_STAT_MAX,
} NnStat;

enum
{
  NN_MAX_NAME = 63,    /* bytes of a layer's name */
  NN_MAX_KERNEL = 255, /* rows or columns of a kernel or a pool */
  NN_MAX_UNITS = 65536,
  NN_MAX_STATS = 2,
  NN_MAX_ITEM = 1 << 24,       /* values of one item, in or out */
  NN_MAX_PARAMETERS = 1 << 26, /* of a network, as packed: as many floats as a model file may hold */
  NN_MAX_RUN_VALUES = 1 << 26, /* what a run keeps, in floats */
};

typedef struct NnLayerClass NnLayerClass;
typedef struct NnLayerTraining NnLayerTraining; /* nn/training.h */
typedef struct NnGemm NnGemm;

/* One layer as the model file describes it.  Start from nn_layer_spec_default(); a class reads its own keys only. */
typedef struct NnLayerSpec
{
  const NnLayerClass *class;
  char name[NN_MAX_NAME + 1]; /* prefix of its tensors; empty where a class has none */
  unsigned filters;
  unsigned units;
  unsigned kernel[2]; /* mel, time */
  unsigned pool[2];   /* mel, time */
  NnPadding padding[2];
  bool use_bias;
  bool return_sequences;
  bool reset_after;
  NnActivation activation;
  NnActivation recurrent_activation;
  double epsilon;
  double momentum; /* of running statistics, in training only */
  double rate;
  double temperature;
  unsigned n_stats;
  NnStat stats[NN_MAX_STATS];
} NnLayerSpec;

typedef struct NnShape
{
  unsigned rank; /* 3 image, 2 sequence, 1 vector */
  size_t items;  /* columns or steps; 1 for a vector */
  size_t rows;   /* 1 unless an image */
  size_t values; /* channels of an image, else values of an item */
} NnShape;

/* What a tensor is to its layer.  Its name, how it begins and how it learns follow from it. */
typedef enum NnRole
{
  NN_ROLE_KERNEL,
  NN_ROLE_RECURRENT_KERNEL,
  NN_ROLE_BIAS,
  NN_ROLE_LSTM_BIAS, /* of the gates i f c o */
  NN_ROLE_GAMMA,
  NN_ROLE_BETA,
  NN_ROLE_MOVING_MEAN,
  NN_ROLE_MOVING_VARIANCE, /* not below 0 */
} NnRole;

/* A parameter of a layer, in Keras's layout, innermost dimension last. */
typedef struct NnTensor
{
  NnRole role;
  char name[NN_MAX_NAME + 32]; /* "conv1/kernel" */
  unsigned rank;
  size_t dim[4];
  float *values; /* [dim 0][dim 1]..., owned by the layer */
} NnTensor;

/* Why a network could not be built. */
typedef struct NnIssue
{
  size_t layer;   /* index into the description */
  char text[160]; /* expected and found */
} NnIssue;

enum
{
  NN_MAX_TENSORS = 4 /* of one layer */
};

typedef struct NnLayer
{
  NnLayerSpec spec;
  NnShape in, out; /* for the most frames the network was built for */
  NnTensor tensors[NN_MAX_TENSORS];
  unsigned n_tensors;
  size_t state_bytes; /* what push() keeps from item to item */
  size_t push_values; /* values that push() emits an item: out.rows * out.values unless forward() follows */
  size_t zeros_after; /* items that follow the last one: "same" padding of time */
  bool absorbed;      /* batch_norm, relu: the convolution before does it */
  bool fused_relu;    /* conv2d: absorbed one */
  const NnGemm *gemm; /* kernel that `packed` is for */
  float *packed;      /* tensors as the kernels want them, made by prepare() */
  float *packed_bias;
  float *packed_recurrent;

  /* For training only, made by the prepare() of nn/training.h. */
  float *packed_back;           /* transposed, as backward() multiplies with them */
  float *packed_recurrent_back; /* likewise */
  float *packing;               /* tensors reordered on their way into the packed arrays */
  float *zeros;                 /* bias of a product that has none */
} NnLayer;

struct NnLayerClass
{
  const char *type; /* as the model file spells it */
  const char *keys; /* those it takes there beside type, each between two blanks; "name" if it is named */

  /* Checks layer->spec against layer->in, sets out (all but its items), state_bytes, push_values, zeros_after and the
   * tensors.  On failure says why in issue->text. */
  NnStatus (*configure) (NnLayer *layer, NnIssue *issue);

  /* Items that come out for `items` that go in, 0 if none is left; NULL: as many. */
  size_t (*items_out) (const NnLayer *layer, size_t items);
  bool fixed_items; /* takes in.items items and no other number: items_out() is 0 for it */

  /* Makes `packed` from the tensors.  next [n_next]: the layers after it, to absorb what can be.  NULL: nothing. */
  NnStatus (*prepare) (NnLayer *layer, NnLayer *next, size_t n_next);

  /* state [state_bytes], as before the first item.  NULL: keeps nothing. */
  void (*reset) (const NnLayer *layer, void *state);

  /* One item in, at most one out; true if out is one, else out is undefined.  NULL: has only forward().
   *
   * in   [in.rows * in.values]
   * out  [push_values]    the same array as `in` where `in_place`, else not overlapping
   */
  bool (*push) (const NnLayer *layer, void *state, const float *in, float *out);
  bool in_place;

  /* All items at once.  NULL: has only push().
   *
   * in       [items][push_values, or in.rows * in.values where there is no push()]
   * out      [items_out (items)][out.rows * out.values]   must not overlap `in`
   * scratch  [scratch_values]
   */
  void (*forward) (const NnLayer *layer, const float *in, size_t items, float *out, float *scratch);
  size_t (*scratch_values) (const NnLayer *layer); /* NULL: none */

  const NnLayerTraining *training; /* NULL: cannot be trained */
};

/* Keras's default for every key, no name, class as given. */
NnLayerSpec nn_layer_spec_default (const NnLayerClass *class);

/* Whether the class takes the key. */
bool nn_layer_class_has_key (const NnLayerClass *class, const char *key);

/* Makes the layer of a description, zeroed before, for what comes in; on failure the class's status and reason. */
NnStatus nn_layer_configure (NnLayer *layer, const NnLayerSpec *spec, NnShape in, NnIssue *issue);

/* Items that come out for `items` that go in, 0 if none is left. */
size_t nn_layer_items_out (const NnLayer *layer, size_t items);

/* For a class's configure(): whether the input has that rank; if not, says so in issue->text. */
bool nn_layer_expects (const NnLayer *layer, unsigned rank, NnIssue *issue);

/* For a class's configure(): declares the next tensor, "LAYER/ROLE"; fill the dimensions with a compound literal.
 *
 * dim [rank]  each at least 1 */
void nn_layer_add_tensor (NnLayer *layer, NnRole role, unsigned rank, const size_t *dim);

/* Frees all arrays that the layer owns, its tensors' values among them. */
void nn_layer_clear (NnLayer *layer);

size_t nn_tensor_size (const NnTensor *tensor); /* values */

bool nn_tensor_learns (const NnTensor *tensor); /* by its gradient; false: moving statistics, which the layer moves */
bool nn_tensor_decays (const NnTensor *tensor); /* has a part in weight decay */

/* Values of one item. */
size_t nn_shape_item (const NnShape *shape);

#endif
