/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * nn/layers.h - every layer of the model file, nn/layers/: its class, and its definition in C.
 *
 * Layer:   nn.
 * Threads: classes are constant; the functions are pure.
 *
 * The `_ref` functions write each layer as its equation, in double where sums are long, over whole arrays in the memory
 * order of nn/layer.h.  The tests hold the classes' push() and forward() to them.
 */
#ifndef NN_LAYERS_H
#define NN_LAYERS_H

#include "nn/layer.h"

extern const NnLayerClass nn_avg_pool2d_class; /* cells do not overlap; incomplete cells are dropped */
extern const NnLayerClass nn_batch_norm_class; /* gamma beta moving_mean moving_variance [channels] */
extern const NnLayerClass nn_conv2d_class;     /* kernel [kh][kw][in][out], bias [out] */
extern const NnLayerClass nn_dense_class;      /* kernel [in][out], bias [out] */
extern const NnLayerClass nn_dropout_class;    /* identity */
extern const NnLayerClass nn_elu_class;
extern const NnLayerClass nn_expand_dims_class; /* each value of a vector becomes a step */
extern const NnLayerClass nn_flatten_class;     /* value (h * columns + w) * channels + c */
extern const NnLayerClass nn_gru_class; /* kernel [in][3u], recurrent_kernel [u][3u], bias [2][3u] or [3u]; z r h */
extern const NnLayerClass nn_hard_sigmoid_class;
extern const NnLayerClass nn_lstm_class;       /* kernel [in][4u], recurrent_kernel [u][4u], bias [4u]; i f c o */
extern const NnLayerClass nn_max_pool2d_class; /* as avg_pool2d */
extern const NnLayerClass nn_relu_class;
extern const NnLayerClass nn_sigmoid_class;
extern const NnLayerClass nn_softmax_class;
extern const NnLayerClass nn_tanh_class;
extern const NnLayerClass nn_temporal_pool_class;            /* statistics over the steps, one after the other */
extern const NnLayerClass nn_time_distributed_flatten_class; /* one step per row, value w * channels + c */
extern const NnLayerClass nn_to_sequence_class;              /* one step per column, value c * rows + h */

/* Those whose training is a file of its own, nn/layers/LAYER_training.c. */
extern const NnLayerTraining nn_conv2d_training;
extern const NnLayerTraining nn_gru_training;

/* The class that the model file calls `type`; NULL if there is none. */
const NnLayerClass *nn_layer_class_find (const char *type);

/* in [items][rows][values] of layer->in, out [items_out (items)][...] of layer->out; tensors are used as they are. */
void nn_avg_pool2d_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_batch_norm_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_conv2d_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_dense_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_elu_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_expand_dims_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_flatten_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_gru_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_hard_sigmoid_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_lstm_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_max_pool2d_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_relu_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_sigmoid_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_softmax_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_tanh_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_temporal_pool_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_time_distributed_flatten_ref (const NnLayer *layer, const float *in, size_t items, float *out);
void nn_to_sequence_ref (const NnLayer *layer, const float *in, size_t items, float *out);

#endif
