/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "models/network_spec.h"

#include "tests/expect_error.h"

static bool
same (double a, double b)
{
  return !(a < b) && !(a > b);
}

static void
test_keys (void)
{
  static const char json[] =
      "[{\"type\":\"conv2d\",\"name\":\"c\",\"filters\":5,\"kernel\":[3,4],\"padding\":[\"same\",\"valid\"],"
      "\"use_bias\":false},{\"padding\":\"same\",\"kernel\":[1.0,2e0],\"filters\":7,\"name\":\"d \xc3\xa9\","
      "\"type\":\"conv2d\"},{\"type\":\"batch_norm\",\"name\":\"b\",\"epsilon\":1e-5},"
      "{\"type\":\"max_pool2d\",\"pool\":[2,3]},{\"type\":\"dropout\",\"rate\":0.3},"
      "{\"type\":\"gru\",\"name\":\"g\",\"units\":64,\"return_sequences\":true,\"activation\":\"relu\","
      "\"recurrent_activation\":\"hard_sigmoid\",\"reset_after\":false},"
      "{\"type\":\"temporal_pool\",\"stats\":[\"max\",\"mean\"]},{\"type\":\"softmax\",\"temperature\":2.5}]";
  GError *error = NULL;
  gsize n = 0;
  NnLayerSpec *s = network_spec_parse (json, "file", &n, &error);
  CHECK (s, "%s", error->message);
  if (!s)
    return;
  CHECK (n == 8, "%zu layers", n);
  CHECK (strcmp (s[0].class->type, "conv2d") == 0 && strcmp (s[0].name, "c") == 0 && s[0].filters == 5, "conv2d");
  CHECK (s[0].kernel[0] == 3 && s[0].kernel[1] == 4 && !s[0].use_bias, "conv2d");
  CHECK (s[0].padding[0] == NN_PADDING_SAME && s[0].padding[1] == NN_PADDING_VALID, "padding");
  CHECK (s[1].padding[0] == NN_PADDING_SAME && s[1].padding[1] == NN_PADDING_SAME && s[1].use_bias, "one word");
  CHECK (s[1].kernel[0] == 1 && s[1].kernel[1] == 2 && strcmp (s[1].name, "d \xc3\xa9") == 0, "integral numbers");
  CHECK (same (s[2].epsilon, 1e-5) && s[3].pool[0] == 2 && s[3].pool[1] == 3 && same (s[4].rate, 0.3), "numbers");
  CHECK (s[5].units == 64 && s[5].return_sequences && !s[5].reset_after, "gru");
  CHECK (s[5].activation == NN_ACTIVATION_RELU && s[5].recurrent_activation == NN_ACTIVATION_HARD_SIGMOID, "gru");
  CHECK (s[6].n_stats == 2 && s[6].stats[0] == NN_STAT_MAX && s[6].stats[1] == NN_STAT_MEAN, "stats");
  CHECK (same (s[7].temperature, 2.5) && s[7].name[0] == '\0', "softmax");
  char *text = network_spec_describe (&s[5], 5);
  CHECK (strcmp (text, "layer 5 (gru \"g\")") == 0, "%s", text);
  g_free (text);
  text = network_spec_describe (&s[7], 7);
  CHECK (strcmp (text, "layer 7 (softmax)") == 0, "%s", text);
  g_free (text);
  g_free (s);
}

/* An absent key is what nn says it is. */
static void
test_defaults (void)
{
  gsize n = 0;
  NnLayerSpec *s =
      network_spec_parse ("[{\"type\":\"gru\",\"name\":\"g\"},{\"type\":\"softmax\"},{\"type\":\"max_pool2d\"}]",
          "file", &n, NULL);
  CHECK (s && n == 3, "defaults");
  for (gsize i = 0; s && i < n; i++) {
    NnLayerSpec expected = nn_layer_spec_default (s[i].class);
    if (i == 0)
      g_strlcpy (expected.name, "g", sizeof expected.name);
    CHECK (strcmp (s[i].name, expected.name) == 0 && s[i].units == expected.units
            && s[i].reset_after == expected.reset_after && s[i].activation == expected.activation
            && s[i].recurrent_activation == expected.recurrent_activation && s[i].pool[0] == expected.pool[0]
            && same (s[i].temperature, expected.temperature),
        "layer %zu", i);
  }
  g_free (s);
}

static void
test_rejected (void)
{
  static const struct
  {
    const char *json;
    const char *words;
  } bad[] = {
    { "{}", "network: expected an array of 1 to 1024 layers, found an object" },
    { "[]", "network: expected an array of 1 to 1024 layers, found []" },
    { "[1]", "layer 0: expected an object, found 1" },
    { "[[]]", "layer 0: expected an object, found []" },
    { "[{}]", "layer 0: \"type\": expected the type of a known layer, found none" },
    { "[{\"type\":3}]", "layer 0: \"type\": |found 3" },
    { "[{\"type\":\"relu\"},{\"type\":\"attention\"}]", "layer 1: \"type\": |found \"attention\"" },
    { "[{\"type\":\"Relu\"}]", "found \"Relu\"" },
    { "[{\"type\":\"relu\",\"units\":3}]", "layer 0 (relu): \"units\": expected a key that relu takes, found 3" },
    { "[{\"type\":\"relu\",\"slope\":0.1}]", "layer 0 (relu): \"slope\": expected a key that relu takes" },
    { "[{\"type\":\"relu\",\"\":1}]", "layer 0 (relu): \"\": expected a key" },
    { "[{\"type\":\"relu\",\" \":1}]", "layer 0 (relu): \" \": expected a key" },
    { "[{\"type\":\"conv2d\",\"name\":\"c\",\"strides\":[1,1]}]", "(conv2d): \"strides\": expected a key" },
    { "[{\"type\":\"dense\",\"units\":3}]", "layer 0 (dense): \"name\": expected the name of its tensors, found none" },
    { "[{\"type\":\"dense\",\"name\":\"\"}]", "\"name\": expected a name of 1 to 63 bytes without '/', found \"\"" },
    { "[{\"type\":\"dense\",\"name\":\"a/b\"}]", "found \"a/b\"" },
    { "[{\"type\":\"dense\",\"name\":7}]", "\"name\": expected a name|found 7" },
    { "[{\"type\":\"dense\",\"name\":\"0123456789012345678901234567890123456789012345678901234567890123\"}]",
        "\"name\": expected a name of 1 to 63" },
    { "[{\"type\":\"dense\",\"name\":\"a\"},{\"type\":\"relu\"},{\"type\":\"gru\",\"name\":\"a\"}]",
        "layer 2 (gru): expected a name of its own, found \"a\"" },
    { "[{\"type\":\"dense\",\"name\":\"d\",\"units\":-3}]", "\"units\": expected an integer|found -3" },
    { "[{\"type\":\"dense\",\"name\":\"d\",\"units\":2.5}]", "\"units\": expected an integer|found 2.5" },
    { "[{\"type\":\"dense\",\"name\":\"d\",\"units\":\"3\"}]", "found \"3\"" },
    { "[{\"type\":\"dense\",\"name\":\"d\",\"units\":4294967299}]", "found 4294967299" },
    { "[{\"type\":\"dense\",\"name\":\"d\",\"use_bias\":1}]", "\"use_bias\": expected true or false, found 1" },
    { "[{\"type\":\"dense\",\"name\":\"d\",\"use_bias\":null}]", "found null" },
    { "[{\"type\":\"conv2d\",\"name\":\"c\",\"kernel\":3}]", "\"kernel\": expected an array [mel, time], found 3" },
    { "[{\"type\":\"conv2d\",\"name\":\"c\",\"kernel\":[3]}]", "\"kernel\": expected an array [mel, time], found [3]" },
    { "[{\"type\":\"conv2d\",\"name\":\"c\",\"kernel\":[3,3,3]}]", "found [3,3,3]" },
    { "[{\"type\":\"conv2d\",\"name\":\"c\",\"kernel\":[3,-3]}]", "\"kernel\": expected an integer|found -3" },
    { "[{\"type\":\"conv2d\",\"name\":\"c\",\"padding\":\"causal\"}]",
        "\"padding\": expected \"valid\" or \"same\", found \"causal\"" },
    { "[{\"type\":\"conv2d\",\"name\":\"c\",\"padding\":[\"same\"]}]", "found [\"same\"]" },
    { "[{\"type\":\"conv2d\",\"name\":\"c\",\"padding\":[\"same\",1]}]", "expected \"valid\" or \"same\", found 1" },
    { "[{\"type\":\"gru\",\"name\":\"g\",\"activation\":\"elu\"}]", "\"activation\": expected \"tanh\"|found \"elu\"" },
    { "[{\"type\":\"gru\",\"name\":\"g\",\"return_sequences\":\"yes\"}]", "true or false, found \"yes\"" },
    { "[{\"type\":\"temporal_pool\",\"stats\":\"mean\"}]", "\"stats\": expected an array of 1 to 2|found \"mean\"" },
    { "[{\"type\":\"temporal_pool\",\"stats\":[]}]", "\"stats\": expected an array of 1 to 2" },
    { "[{\"type\":\"temporal_pool\",\"stats\":[\"mean\",\"max\",\"mean\"]}]",
        "\"stats\": expected an array of 1 to 2" },
    { "[{\"type\":\"temporal_pool\",\"stats\":[\"median\"]}]", "expected \"mean\" or \"max\", found \"median\"" },
    { "[{\"type\":\"softmax\",\"temperature\":\"hot\"}]", "\"temperature\": expected a number|found \"hot\"" },
  };
  for (size_t i = 0; i < G_N_ELEMENTS (bad); i++) {
    GError *error = NULL;
    gsize n = 99;
    NnLayerSpec *specs = network_spec_parse (bad[i].json, "file", &n, &error);
    CHECK (!specs && n == 99, "%s", bad[i].json);
    g_free (specs);
    expect_error (error, GENRE_MODEL_ERROR_NETWORK, bad[i].words, bad[i].json);
  }

  GError *error = NULL;
  gsize n = 0;
  CHECK (!network_spec_parse ("[{\"type\":\"relu\",\"type\":\"relu\"}]", "file", &n, &error), "duplicate");
  expect_error (error, GENRE_MODEL_ERROR_JSON, "file: network: not strict JSON: |duplicate key \"type\"", "duplicate");
}

static void
test_many (void)
{
  for (unsigned n = NETWORK_SPEC_MAX_LAYERS; n <= NETWORK_SPEC_MAX_LAYERS + 1; n++) {
    GString *json = g_string_new ("[");
    for (unsigned i = 0; i < n; i++)
      g_string_append_printf (json, "%s{\"type\":\"relu\"}", i == 0 ? "" : ",");
    g_string_append_c (json, ']');
    GError *error = NULL;
    gsize found = 0;
    NnLayerSpec *specs = network_spec_parse (json->str, "file", &found, &error);
    if (n <= NETWORK_SPEC_MAX_LAYERS)
      CHECK (specs && found == n, "%u layers", n);
    else
      expect_error (error, GENRE_MODEL_ERROR_NETWORK, "1 to 1024 layers, found an array of 1025", "many layers");
    g_free (specs);
    g_string_free (json, TRUE);
  }
}

int
main (void)
{
  test_keys ();
  test_defaults ();
  test_rejected ();
  test_many ();
  TEST_END ();
}
