/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/info.h"

GstStructure *
genre_info_of_model (GenreAnalysis *analysis)
{
  GenreModel *model = genre_analysis_peek_model (analysis);
  GstStructure *info = NULL;

  if (model) {
    const GenreFrontend *frontend = genre_model_frontend (model);
    gchar **labels = g_boxed_copy (G_TYPE_STRV, genre_model_labels (model));
    gchar *joined = g_strjoinv (", ", labels);

    /* clang-format off */
    info = gst_structure_new ("model-info",
        "labels", G_TYPE_STRING, joined,
        "sha256", G_TYPE_STRING, genre_model_sha256 (model),
        "parameters", G_TYPE_UINT64, (guint64) genre_model_n_parameters (model),
        "music", G_TYPE_BOOLEAN, genre_model_has_music (model),
        "sample-rate", G_TYPE_UINT, frontend->mel.sample_rate_hz,
        "n-fft", G_TYPE_UINT, frontend->mel.n_fft,
        "hop-length", G_TYPE_UINT, frontend->mel.hop_length,
        "bands", G_TYPE_UINT, (guint) frontend->bands,
        "window-frames", G_TYPE_UINT, genre_model_window_frames (model),
        "min-frames", G_TYPE_UINT, genre_model_min_frames (model),
        NULL);
    /* clang-format on */
    g_free (joined);
    g_strfreev (labels);
    genre_model_unref (model);
  }
  return info;
}

GstStructure *
genre_info_of_stats (GenreAnalysis *analysis)
{
  GenreAnalysisStats stats;

  genre_analysis_get_stats (analysis, &stats);

  const GenreWorkerStats *worker = &stats.worker;

  /* clang-format off */
  return gst_structure_new ("stats",
      "windows", G_TYPE_UINT64, worker->windows,
      "skipped", G_TYPE_UINT64, stats.skipped,
      "inference-mean", G_TYPE_UINT64, worker->windows > 0 ? worker->inference_sum / worker->windows : 0,
      "inference-max", G_TYPE_UINT64, worker->inference_max,
      "lag", G_TYPE_UINT64, worker->lag,
      "lag-max", G_TYPE_UINT64, worker->lag_max,
      "wake-ups", G_TYPE_UINT64, worker->wakes,
      "live", G_TYPE_BOOLEAN, stats.live,
      NULL);
  /* clang-format on */
}
