/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gst-genre-1.0 plot - a picture of a recording: waveform, spectrograms, genres over time.
 */
#include "gst/tools/plot.h"

#include "gst/tools/tool.h"

#include <math.h>
#include <string.h>

#if GENRE_WITH_PLOT

#include "gst/picture/colour.h"
#include "gst/tools/decode.h"
#include "gst/tools/interrupt.h"
#include "gst/tools/output.h"
#include "gst/tools/outputs.h"
#include "gst/tools/plot_picture.h"
#include "gst/tools/walk.h"

#include <gst/gst.h>

enum
{
  LEAST_SIZE = 64,
  MOST_SIZE = 16384, /* pixels: cairo takes up to 32767 */
  MOST_PIXELS = 1 << 27,
  LEAST_FFT = 32,
  MOST_FFT = 65536,
  MOST_HOP = 1048576,
};

/* --- one recording ---------------------------------------------------------------------------------------------- */

/* Of its tags, or else its file's name. */
static char *
find_title (const ToolPlotSound *sound, const ToolInput *input)
{
  if (!sound->title)
    return g_strdup (input->name);
  return sound->artist ? g_strdup_printf ("%s - %s", sound->artist, sound->title) : g_strdup (sound->title);
}

static ToolPlotSound *
hear (const ToolPlotOptions *options, const PlotPage *page, GenreModel *model, const ToolInput *input, GError **error)
{
  const PlotBox *log_box = tool_plot_page_find (options, page, TOOL_PLOT_SPECTROGRAM);
  const ToolPlotSoundConfig config = {
    .from = options->from,
    .to = options->to,
    .trim = options->trim,
    .columns = (gsize) page->panels[0].width,
    .rows = log_box ? (gsize) log_box->height : 1,
    .n_fft = (unsigned) options->n_fft,
    .hop_length = (unsigned) options->hop_length,
    .wave = options->waveform,
    .spectra = options->spectrogram || options->mel,
    .model = model,
  };
  g_autoptr (ToolProgress) progress = tool_progress_new ("plot, seconds", 0, options->quiet);

  return tool_plot_sound_hear (&config, input->location, progress, error);
}

static GByteArray *
draw (const ToolPlotOptions *options, const PlotPage *page, GenreModel *model, const ToolInput *input, GError **error)
{
  gboolean lacks_letters = FALSE;
  g_autoptr (ToolPlotSound) sound = hear (options, page, model, input, error);
  if (!sound)
    return NULL;

  g_autofree char *title = find_title (sound, input);
  const ToolPlotSubject subject = { sound, model, title };
  GByteArray *picture = tool_plot_draw (options, page, &subject, &lacks_letters, error);
  if (picture && lacks_letters)
    tool_say ("%s: no installed font has all characters of \"%s\": the others are drawn as boxes", input->name, title);
  if (picture && sound->cancelled)
    tool_say ("%s: %s", input->name, GENRE_DECODER_CANCELLED);
  return picture;
}

static ToolStatus
write_picture (const ToolPlotOptions *options, const PlotPage *page, GenreModel *model, const ToolInput *input)
{
  g_autoptr (GError) error = NULL;
  GByteArray *picture = input->problem ? NULL : draw (options, page, model, input, &error);

  if (!picture)
    return tool_fail ("%s: %s", input->name, input->problem ? input->problem : error->message);
  const gboolean ok = tool_output_save (options->output, (const char *) picture->data, picture->len);
  g_byte_array_unref (picture);
  return ok ? TOOL_OK : TOOL_FAILED;
}

static ToolStatus
check_output (const ToolPlotOptions *options, const ToolInput *input)
{
  g_autoptr (ToolOutputs) outputs = tool_outputs_new ();

  if (options->model)
    tool_outputs_reads (outputs, options->model);
  if (!input->is_uri)
    tool_outputs_reads (outputs, input->location);
  tool_outputs_writes (outputs, options->output, TOOL_KIND_PLOT);
  return tool_outputs_check (outputs);
}

/* FALSE: said on stderr.  ret_model: NULL where no genres are wanted */
static gboolean
load_model (const ToolPlotOptions *options, GenreModel **ret_model)
{
  g_autoptr (GError) error = NULL;

  *ret_model = NULL;
  if (!options->genres)
    return TRUE;
  *ret_model = options->model ? genre_model_load (options->model, &error) : genre_model_default (&error);
  if (!*ret_model)
    tool_fail ("%s", error->message);
  return *ret_model != NULL;
}

static ToolStatus
plot (const ToolPlotOptions *options, const PlotPage *page)
{
  GenreModel *model;
  if (!load_model (options, &model))
    return TOOL_FAILED;

  tool_catch_interrupts ();
  gst_init (NULL, NULL);
  g_autoptr (ToolWalk) walk = tool_walk_new ();
  tool_walk_add (walk, options->locations[0]);
  ToolStatus status = TOOL_FAILED;
  if (walk->inputs->len != 1) {
    tool_fail ("%s: expected one recording, found %u", options->locations[0], walk->inputs->len);
  } else {
    const ToolInput *input = g_ptr_array_index (walk->inputs, 0);
    status = check_output (options, input);
    if (status == TOOL_OK)
      status = write_picture (options, page, model, input);
  }
  genre_model_unref (model);
  return status;
}

/* --- what the options mean -------------------------------------------------------------------------------------- */

/* "1200x800" */
static gboolean
parse_size (const char *text, int *ret_width, int *ret_height)
{
  g_auto (GStrv) parts = g_strsplit (text, "x", 3);
  guint64 width, height;

  if (g_strv_length (parts) != 2 || !g_ascii_string_to_unsigned (parts[0], 10, LEAST_SIZE, MOST_SIZE, &width, NULL)
      || !g_ascii_string_to_unsigned (parts[1], 10, LEAST_SIZE, MOST_SIZE, &height, NULL)
      || width * height > MOST_PIXELS)
    return FALSE;
  *ret_width = (int) width;
  *ret_height = (int) height;
  return TRUE;
}

/* "90", "1:30", "1:02:30.5" -> seconds */
static gboolean
parse_time (const char *text, double *ret_seconds)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", 4);
  const guint n = g_strv_length (parts);
  double seconds = 0;

  if (n < 1 || n > 3)
    return FALSE;
  for (guint i = 0; i < n; i++) {
    char *end;
    const double part = g_ascii_strtod (parts[i], &end);
    if (!g_ascii_isdigit (parts[i][0]) || *end != '\0' || !isfinite (part) || (i > 0 && part >= 60)
        || (i + 1 < n && part != floor (part)))
      return FALSE;
    seconds = 60 * seconds + part;
  }
  *ret_seconds = seconds;
  return TRUE;
}

static gboolean
find_type (const char *path, int *ret_type)
{
  static const char *const endings[] = { [PLOT_PNG] = ".png", [PLOT_SVG] = ".svg", [PLOT_PDF] = ".pdf" };
  g_autofree char *lower = g_ascii_strdown (path, -1);

  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (lower, endings[i])) {
      *ret_type = (int) i;
      return TRUE;
    }
  return FALSE;
}

/* What is drawn, from the top: what was asked for, else the deck's three. */
static void
choose_panels (ToolPlotOptions *options)
{
  if (!options->waveform && !options->spectrogram && !options->mel && !options->genres)
    options->waveform = options->spectrogram = options->mel = TRUE;
  const gboolean wanted[TOOL_PLOT_N_PANELS] = { options->waveform, options->spectrogram, options->mel,
    options->genres };
  for (guint i = 0; i < TOOL_PLOT_N_PANELS; i++)
    if (wanted[i])
      options->panels[options->n_panels++] = (ToolPlotPanel) i;
}

static ToolStatus
check_part (ToolPlotOptions *options)
{
  options->to = HUGE_VAL;
  if (options->from_text && !parse_time (options->from_text, &options->from))
    return tool_usage_error ("plot", "expected --from in seconds or as 1:30, found %s", options->from_text);
  if (options->to_text && !parse_time (options->to_text, &options->to))
    return tool_usage_error ("plot", "expected --to in seconds or as 1:30, found %s", options->to_text);
  if (!(options->from < options->to))
    return tool_usage_error ("plot", "expected --from before --to, found %g and %g", options->from, options->to);
  return TOOL_OK;
}

static ToolStatus
check_analysis (ToolPlotOptions *options)
{
  if (options->n_fft < LEAST_FFT || options->n_fft > MOST_FFT || options->n_fft % 2 != 0)
    return tool_usage_error ("plot", "expected --fft even and from %d to %d, found %d", LEAST_FFT, MOST_FFT,
        options->n_fft);
  if (options->hop_length < 1 || options->hop_length > MOST_HOP)
    return tool_usage_error ("plot", "expected --hop from 1 to %d, found %d", MOST_HOP, options->hop_length);
  if (!(options->top_db >= 1 && options->top_db <= 300))
    return tool_usage_error ("plot", "expected --top-db from 1 to 300, found %g", options->top_db);
  options->ref_max = !options->ref_name || strcmp (options->ref_name, "max") == 0;
  if (!options->ref_max && strcmp (options->ref_name, "1") != 0)
    return tool_usage_error ("plot", "expected --ref max or 1, found %s", options->ref_name);
  return TOOL_OK;
}

static ToolStatus
check_look (ToolPlotOptions *options, PlotPage *page)
{
  static const char *const maps[] = {
    [COLOUR_MAGMA] = "magma",
    [COLOUR_VIRIDIS] = "viridis",
    [COLOUR_GREY] = "grey",
    NULL,
  };

  if (!find_type (options->output, &options->type))
    return tool_usage_error ("plot", "expected -o with a name that ends in .png, .svg or .pdf, found %s",
        options->output);
  options->map = options->map_name ? tool_find_word (maps, options->map_name) : COLOUR_MAGMA;
  if (options->map < 0)
    return tool_usage_error ("plot", "expected --map magma, viridis or grey, found %s", options->map_name);
  if (!(options->dpi >= 10 && options->dpi <= 2400))
    return tool_usage_error ("plot", "expected --dpi from 10 to 2400, found %g", options->dpi);
  if (options->size && !parse_size (options->size, &options->width, &options->height))
    return tool_usage_error ("plot", "expected --size as 1200x800, each from %d to %d, found %s", LEAST_SIZE, MOST_SIZE,
        options->size);
  if (!tool_plot_page (options, page))
    return tool_usage_error ("plot", "no room for %u panels at %g dpi in %dx%d pixels: expected a larger --size",
        options->n_panels, options->dpi, options->width, options->height);
  return TOOL_OK;
}

static ToolStatus
check (ToolPlotOptions *options, PlotPage *page)
{
  if (!options->locations || !options->locations[0] || options->locations[1])
    return tool_usage_error ("plot", "expected one file or URI, found %s",
        options->locations && options->locations[0] ? "several" : "none");
  if (!options->output)
    return tool_usage_error ("plot", "expected -o PICTURE: where the picture goes");
  choose_panels (options);
  if (options->model && !options->genres)
    return tool_usage_error ("plot", "--model needs --genres");
  ToolStatus status = check_part (options);
  if (status == TOOL_OK)
    status = check_analysis (options);
  return status == TOOL_OK ? check_look (options, page) : status;
}

static ToolStatus
run (ToolPlotOptions *options)
{
  PlotPage page;
  const ToolStatus status = check (options, &page);

  return status == TOOL_OK ? plot (options, &page) : status;
}

#else

static ToolStatus
run (ToolPlotOptions *options)
{
  (void) options;
  return tool_fail ("this program was built without plot: it needs cairo and Pango, and meson's -Dplot=enabled");
}

#endif

/* --- the command line ------------------------------------------------------------------------------------------- */

static const char text[] =
    "Draws a recording as PNG, SVG or PDF, by the name of PICTURE: panels above a common time axis.  The default is\n"
    "--waveform --spectrogram --mel.  At any sampling rate, the spectrograms are those of librosa; --fft and --hop\n"
    "count samples at 22050 Hz.  Where a pixel covers several frames, it shows their mean power.  If PICTURE exists,\n"
    "it must be a picture of this command.  The recording may have any length.\n"
    "\n"
    "  gst-genre-1.0 plot song.flac -o song.png\n"
    "  gst-genre-1.0 plot --genres --mel --dark --size 1600x900 mix.mp3 -o mix.svg\n"
    "  gst-genre-1.0 plot --spectrogram --from 1:30 --to 1:45 --map viridis song.ogg -o part.pdf\n";

ToolStatus
tool_plot (int n, char **arguments)
{
  ToolPlotOptions options = { .width = 1200, .height = 800, .dpi = 96, .n_fft = 2048, .hop_length = 512, .top_db = 80 };
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "File of the picture: .png, .svg or .pdf", "PICTURE" },
    { "waveform", 0, 0, G_OPTION_ARG_NONE, &options.waveform,
        "Draw the waveform: smallest and largest sample, and the RMS", NULL },
    { "spectrogram", 0, 0, G_OPTION_ARG_NONE, &options.spectrogram,
        "Draw the level in dB over a logarithmic frequency axis", NULL },
    { "mel", 0, 0, G_OPTION_ARG_NONE, &options.mel, "Draw the level in dB of 128 mel bands", NULL },
    { "genres", 0, 0, G_OPTION_ARG_NONE, &options.genres, "Draw the probability of each genre, stacked", NULL },
    { "size", 0, 0, G_OPTION_ARG_STRING, &options.size, "Size in pixels; default: 1200x800", "WxH" },
    { "dpi", 0, 0, G_OPTION_ARG_DOUBLE, &options.dpi, "Pixels per inch, for letters of 9 points; default: 96", "N" },
    { "from", 0, 0, G_OPTION_ARG_STRING, &options.from_text, "Begin at this time: seconds, or as 1:30", "TIME" },
    { "to", 0, 0, G_OPTION_ARG_STRING, &options.to_text, "End at this time", "TIME" },
    { "trim", 0, 0, G_OPTION_ARG_NONE, &options.trim, "Cut off silence at begin and end: 60 dB below the loudest frame",
        NULL },
    { "fft", 0, 0, G_OPTION_ARG_INT, &options.n_fft, "Length of a frame in samples; default: 2048", "N" },
    { "hop", 0, 0, G_OPTION_ARG_INT, &options.hop_length, "Samples from one frame to the next; default: 512", "N" },
    { "top-db", 0, 0, G_OPTION_ARG_DOUBLE, &options.top_db, "Range of the colours below the loudest value; default: 80",
        "DB" },
    { "ref", 0, 0, G_OPTION_ARG_STRING, &options.ref_name, "0 dB is the loudest value, or a power of 1; default: max",
        "max|1" },
    { "map", 0, 0, G_OPTION_ARG_STRING, &options.map_name, "Colour map: magma, viridis or grey; default: magma",
        "NAME" },
    { "dark", 0, 0, G_OPTION_ARG_NONE, &options.dark, "Light letters on a dark background", NULL },
    { "font", 0, 0, G_OPTION_ARG_STRING, &options.font,
        "Font of all text; @cairo: looks the same on every machine; default: sans-serif", "FAMILY" },
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &options.model, "Model for --genres; default: the embedded one",
        "MODEL" },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &options.quiet, "Show no progress", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.locations, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };

  ToolStatus status = TOOL_OK;
  if (tool_parse_options ("plot", "FILE|URI -o PICTURE", text, entries, n, arguments, &status))
    status = run (&options);
  tool_clear_options (entries);
  return status;
}
