/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/training/train_recipe: what is printed reads back; what is wrong is refused by name; the presets are what they
 * claim.
 */
#include "models/training/train_recipe.h"

#include "tests/expect_error.h"

#define NETWORK "\"network\":[{\"type\":\"flatten\"},{\"type\":\"dense\",\"name\":\"d\"},{\"type\":\"softmax\"}],"
#define DATA "\"data\":{\"all\":{}},"
#define STAGE "{\"steps\":5,\"batch\":{\"all\":{\"windows\":4,\"labels\":1}}}"
#define STAGES "\"stages\":[" STAGE "]"

static TrainRecipe *
parse (const char *json)
{
  GError *error = NULL;
  TrainRecipe *recipe = train_recipe_parse (json, strlen (json), "test", &error);
  CHECK (recipe, "%s: %s", json, error ? error->message : "");
  g_clear_error (&error);
  return recipe;
}

static char *
text_of (const TrainRecipe *recipe)
{
  GString *json = g_string_new (NULL);
  train_recipe_append (recipe, json);
  return g_string_free (json, FALSE);
}

static void
check_round_trip (const TrainRecipe *recipe, const char *name)
{
  g_autofree char *text = text_of (recipe);
  g_autofree char *printed = train_recipe_print (recipe);
  g_autoptr (TrainRecipe) a = parse (text);
  g_autoptr (TrainRecipe) b = parse (printed);
  if (!a || !b)
    return;
  g_autofree char *again = text_of (a);
  g_autofree char *from_print = text_of (b);
  CHECK (strcmp (text, again) == 0, "%s: %s became %s", name, text, again);
  CHECK (strcmp (text, from_print) == 0, "%s: printing changes it", name);
}

static void
test_builtin (void)
{
  unsigned n = 0;
  for (const char *const *name = train_recipe_names (); *name; name++, n++) {
    GError *error = NULL;
    g_autoptr (TrainRecipe) recipe = train_recipe_load (*name, &error);
    CHECK (recipe && strcmp (recipe->name, *name) == 0, "%s: %s", *name, error ? error->message : "another name");
    g_clear_error (&error);
    if (recipe)
      check_round_trip (recipe, *name);
  }
  CHECK (n == 12, "%u recipes", n);
}

static void
check_parameters (const char *name, unsigned frames, size_t expected)
{
  g_autoptr (TrainRecipe) recipe = train_recipe_load (name, NULL);
  NnNetwork *network = NULL;
  NnIssue issue = { 0 };
  recipe->layers[recipe->n_layers - 2].units = 10;
  const NnStatus status = nn_network_new (recipe->layers, recipe->n_layers, 64, recipe->min_frames, frames, &network,
      &issue);
  CHECK (status == NN_OK && nn_network_n_parameters (network) == expected, "%s: %s, %u parameters", name, issue.text,
      network ? (unsigned) nn_network_n_parameters (network) : 0);
  CHECK (recipe->window_frames == frames, "%s: %u frames", name, recipe->window_frames);
  nn_network_free (network);
}

static void
test_networks (void)
{
  check_parameters ("deck-cnn-gru", 173, 64986);
  check_parameters ("deck-cnn-gru-teacher", 173, 64986);
  check_parameters ("deck-cnn-lstm", 173, 1603392);
  check_parameters ("deck-cnn-lstm-teacher", 173, 1603392);
  check_parameters ("genre-crnn", 129, 253390);
  check_parameters ("genre-crnn-teacher", 129, 253390);

  g_autoptr (TrainRecipe) deck = train_recipe_load ("deck-cnn-lstm", NULL);
  CHECK (deck->frontend.ref == 0 && deck->frontend.top_db == 80 && !deck->has_spectrogram
          && deck->protocol == TRAIN_PROTOCOL_LEAKY_SEGMENTS,
      "the deck's front end");
}

static void
test_values (void)
{
  g_autoptr (TrainRecipe)
      recipe = parse ("{\"base\":\"genre-crnn-teacher\",\"network\":\"small\",\"seed\":7,\"min_frames\":50,"
                      "\"frontend\":{\"ref\":\"max\",\"amin\":1e-10,\"top_db\":80},"
                      "\"augment\":{\"gain_db\":3},\"teacher_logits\":{\"classes\":[5,[7,9]]},"
                      "\"soft_labels\":{\"base\":0.25}}");
  if (!recipe)
    return;
  CHECK (recipe->seed == 7 && recipe->min_frames == 50 && recipe->window_frames == 129, "numbers");
  CHECK (strcmp (recipe->layers[0].name, "conv1") == 0 && recipe->layers[0].filters == 12, "network by name");
  CHECK (!recipe->has_spectrogram && recipe->frontend.ref == 0 && recipe->frontend.amin == 1e-10, "front end");
  CHECK (train_stage_augment (recipe, &recipe->stages[0]) == &recipe->augment, "no augment of the stage's own");
  CHECK (recipe->has_level, "amin, ref and top_db");
  CHECK (recipe->augment.gain_max_db == 3 && recipe->augment.gain_min_db == -3, "as much up as down");
  CHECK (recipe->augment.mask_bands == 8, "what is not said stays as in the base");
  CHECK (recipe->n_logits == 4 && recipe->logits[0] == 5 && recipe->logits[3] == 9, "ranges of classes");
  CHECK (recipe->soft_base == .25, "base of soft labels");
  CHECK (train_recipe_group (recipe, "/a/pool-7.safetensors") == 0, "pool");
  CHECK (train_recipe_group (recipe, "pool-x/gtzan") == 1, "the file's name counts, not its directory's");
  CHECK (train_stage_samples (recipe, &recipe->stages[2]) == 80, "windows of a batch");
  check_round_trip (recipe, "changed");

  g_autoptr (TrainRecipe) other = parse ("{\"base\":\"genre-crnn-teacher\",\"frontend\":{},"
                                         "\"augment\":{\"gain_db\":[-34,10]}}");
  if (!other)
    return;
  CHECK (!other->has_level, "no level is said");
  CHECK (other->augment.gain_min_db == -34 && other->augment.gain_max_db == 10, "more down than up");
  check_round_trip (other, "least and most gain");
}

static void
test_rejects (void)
{
  static const struct
  {
    const char *json;
    GenreModelError code;
    const char *words;
  } cases[] = {
    { "", GENRE_MODEL_ERROR_JSON, "test|recipe" },
    { "[]", GENRE_MODEL_ERROR_RECIPE, "expected an object" },
    { "{\"sed\":1}", GENRE_MODEL_ERROR_RECIPE, "\"sed\"|seed, seeds" },
    { "{\"seed\":1.5}", GENRE_MODEL_ERROR_RECIPE, "\"seed\"|an integer|1.5" },
    { "{\"seed\":\"1\"}", GENRE_MODEL_ERROR_RECIPE, "\"seed\"" },
    { "{\"seed\":1,\"seed\":2}", GENRE_MODEL_ERROR_JSON, "seed" },
    { "{\"base\":\"nobody\"}", GENRE_MODEL_ERROR_RECIPE, "\"base\"|\"nobody\"|\"genre-crnn\"" },
    { "{\"base\":3}", GENRE_MODEL_ERROR_RECIPE, "\"base\"" },
    { "{\"augment\":{\"gain_db\":[3,-3]}}", GENRE_MODEL_ERROR_RECIPE, "gain_db|3" },
    { "{\"augment\":{\"gain_db\":-1}}", GENRE_MODEL_ERROR_RECIPE, "gain_db|-1" },
    { "{\"network\":\"nobody\"}", GENRE_MODEL_ERROR_RECIPE, "\"network\"|\"nobody\"|\"small\"" },
    { "{\"network\":[{\"type\":\"bogus\"}]}", GENRE_MODEL_ERROR_NETWORK, "bogus" },
    { "{\"network\":[{\"type\":\"relu\"},{\"type\":\"relu\"},{\"type\":\"relu\"}]}", GENRE_MODEL_ERROR_RECIPE,
        "dense|softmax" },
    { "{" NETWORK "\"stages\":[]}", GENRE_MODEL_ERROR_RECIPE, "\"stages\"|1 to 16" },
    { "{" DATA STAGES "}", GENRE_MODEL_ERROR_RECIPE, "\"network\"|none" },
    { "{" NETWORK "\"seed\":1}", GENRE_MODEL_ERROR_RECIPE, "\"data\"|none" },
    { "{" NETWORK DATA "\"seed\":1}", GENRE_MODEL_ERROR_RECIPE, "\"stages\"|none" },
    { "{" NETWORK "\"data\":{}," STAGES "}", GENRE_MODEL_ERROR_RECIPE, "data|1 to 8" },
    { "{" NETWORK "\"data\":{\"all\":{\"match\":[]}}," STAGES "}", GENRE_MODEL_ERROR_RECIPE, "\"match\"|patterns" },
    { "{" NETWORK "\"data\":{\"all\":{\"mix\":{\"beta\":3}}}," STAGES "}", GENRE_MODEL_ERROR_RECIPE, "mix|\"beta\"|3" },
    { "{" NETWORK "\"data\":{\"all\":{\"overlay\":{\"level_db\":[3,-3]}}}," STAGES "}", GENRE_MODEL_ERROR_RECIPE,
        "overlay|\"level_db\"|3" },
    { "{" NETWORK "\"data\":{\"all\":{\"bogus\":1}}," STAGES "}", GENRE_MODEL_ERROR_RECIPE, "\"all\"|\"bogus\"" },
    { "{" NETWORK "\"data\":{\"all\":{\"rarity\":1.5}}," STAGES "}", GENRE_MODEL_ERROR_RECIPE, "\"rarity\"|1.5" },
    { "{" NETWORK "\"data\":{\"all\":{\"rarity\":1,\"balance\":true}}," STAGES "}", GENRE_MODEL_ERROR_RECIPE,
        "data: \"all\"|found both" },
    { "{" NETWORK DATA STAGES ",\"soft_labels\":{\"base\":-1}}", GENRE_MODEL_ERROR_RECIPE, "soft_labels|\"base\"|-1" },
    { "{" NETWORK DATA "\"stages\":[{\"steps\":1,\"batch\":{\"pool\":{\"windows\":1}}}]}", GENRE_MODEL_ERROR_RECIPE,
        "batch|\"pool\"|group" },
    { "{" NETWORK DATA "\"stages\":[{\"batch\":{\"all\":{\"windows\":1,\"labels\":1}}}]}", GENRE_MODEL_ERROR_RECIPE,
        "stage 0|\"steps\"|none" },
    { "{" NETWORK DATA "\"stages\":[{\"steps\":1,\"epochs\":1,\"batch\":{\"all\":{\"windows\":1,\"labels\":1}}}]}",
        GENRE_MODEL_ERROR_RECIPE, "stage 0|several" },
    { "{" NETWORK DATA "\"stages\":[{\"steps\":1,\"batch\":{\"all\":{\"windows\":1}}}]}", GENRE_MODEL_ERROR_RECIPE,
        "a loss|none" },
    { "{" NETWORK DATA "\"stages\":[{\"steps\":1,\"batch\":{}}]}", GENRE_MODEL_ERROR_RECIPE, "batch|windows" },
    { "{" NETWORK DATA "\"stages\":[{\"steps\":1,\"batch\":{\"all\":{\"windows\":1,\"label\":1}}}]}",
        GENRE_MODEL_ERROR_RECIPE, "\"label\"|labels" },
    { "{" NETWORK DATA STAGES ",\"augment\":{\"stretch\":[1.1,0.9]}}", GENRE_MODEL_ERROR_RECIPE, "\"stretch\"|1.1" },
    { "{" NETWORK DATA STAGES ",\"min_frames\":200}", GENRE_MODEL_ERROR_RECIPE, "\"min_frames\"|200|129" },
    { "{" NETWORK DATA STAGES ",\"validation\":{\"protocol\":\"leaky\"}}", GENRE_MODEL_ERROR_RECIPE,
        "\"protocol\"|leaky-segments" },
    { "{" NETWORK DATA STAGES ",\"validation\":{\"choose\":1}}", GENRE_MODEL_ERROR_RECIPE, "\"choose\"|\"best\"" },
    { "{" NETWORK DATA STAGES ",\"pseudo_labels\":{\"a\":1}}", GENRE_MODEL_ERROR_RECIPE, "pseudo_labels|\"a\"" },
    { "{" NETWORK DATA STAGES ",\"teacher_logits\":{\"classes\":[[9,7]]}}", GENRE_MODEL_ERROR_RECIPE, "\"classes\"" },
    { "{" NETWORK DATA STAGES ",\"frontend\":{\"hop\":1}}", GENRE_MODEL_ERROR_FRONTEND, "\"hop\"" },
    { "{" NETWORK DATA STAGES ",\"frontend\":{\"hop_length\":512}}", GENRE_MODEL_ERROR_FRONTEND, "expected a key" },
    { "{\"base\":\"default\"," DATA "\"seed\":1}", GENRE_MODEL_ERROR_RECIPE, "\"stages\" beside \"data\"" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    GError *error = NULL;
    TrainRecipe *recipe = train_recipe_parse (cases[i].json, strlen (cases[i].json), "test", &error);
    expect_error (error, cases[i].code, cases[i].words, cases[i].json);
    train_recipe_free (recipe);
  }

  GError *error = NULL;
  CHECK (!train_recipe_load ("/nowhere/recipe.json", &error), "accepted");
  expect_error (error, GENRE_MODEL_ERROR_NOT_FOUND, "/nowhere/recipe.json|\"deck-cnn-gru\"", "no file");
}

/* Every prefix of a good recipe is refused, and none crashes. */
static void
test_prefixes (void)
{
  const char *json = "{" NETWORK DATA STAGES "}";
  for (gsize n = 0; n < strlen (json); n++) {
    GError *error = NULL;
    TrainRecipe *recipe = train_recipe_parse (json, n, "test", &error);
    CHECK (!recipe && error, "prefix of %u bytes accepted", (unsigned) n);
    train_recipe_free (recipe);
    g_clear_error (&error);
  }
  train_recipe_free (parse (json));
}

int
main (void)
{
  test_builtin ();
  test_networks ();
  test_values ();
  test_rejects ();
  test_prefixes ();
  TEST_END ();
}
