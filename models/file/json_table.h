/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * models/file/json_table.h - a JSON object as a table of its keys: one table reads it into a struct and writes it
 * again.
 *
 * Layer:   models/file; uses json_field, json_write.
 * Threads: no state.
 */
#ifndef MODELS_FILE_JSON_TABLE_H
#define MODELS_FILE_JSON_TABLE_H

#include "models/file/json_field.h"

typedef enum JsonKind
{
  JSON_KIND_NUMBER,   /* double */
  JSON_KIND_UNSIGNED, /* unsigned */
  JSON_KIND_BOOLEAN,  /* bool */
  JSON_KIND_TEXT,     /* char *, g_free()d when it is replaced; null: NULL */
  JSON_KIND_WORD,     /* an enum, index of one of `words` */
  JSON_KIND_CONSTANT, /* words[0] and nothing else; fills no field */
  JSON_KIND_OBJECT,   /* a struct, by a table of its own */
  JSON_KIND_OTHER,    /* whatever `parse` and `append` make of it */
} JsonKind;

typedef struct JsonTable JsonTable;

/* One key, and the field that it fills. */
typedef struct JsonKey
{
  const char *name;
  JsonKind kind;
  bool required;
  size_t offset;            /* of the field in the struct */
  double min, max;          /* of JSON_KIND_NUMBER and _UNSIGNED */
  const char *const *words; /* [n_words] of JSON_KIND_WORD and _CONSTANT */
  size_t n_words;
  const JsonTable *table; /* of JSON_KIND_OBJECT */
  /* Of JSON_KIND_OTHER.  append NULL: the key is read only. */
  bool (*parse) (void *context, JsonNode *node, const JsonPlace *place, void *field, GError **error);
  void (*append) (const void *context, const void *field, GString *json);
} JsonKey;

struct JsonTable
{
  const char *thing; /* as in JsonPlace */
  const JsonKey *keys;
  size_t n_keys;
  const char *expected;                                   /* instead of an unknown key; NULL: a list of them all */
  bool (*takes) (const void *object, const JsonKey *key); /* whether this object has that key; NULL: always */
};

/* node     the object
 * place    where it was read; its key is not looked at, its thing NULL: the table's
 * context  for JsonKey.parse
 * object   in and out, the struct; a key that is absent leaves its field.  On failure some fields may be changed
 *
 * Keys are read in the order in which they stand.  One that the table lacks is an error, and so is one that is
 * required and not there. */
bool json_table_parse (const JsonTable *table, JsonNode *node, const JsonPlace *place, void *context, void *object,
    GError **error);

/* Every key in the order of the table, on one line.  context: for JsonKey.append */
void json_table_append (const JsonTable *table, const void *context, const void *object, GString *json);

#endif
