/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/tools/generate.h"

#include "gst/tools/arguments.h"

#include <stdio.h>
#include <string.h>

static const GOptionEntry help = { "help", 'h', 0, G_OPTION_ARG_NONE, NULL, "Show this help", NULL };

static gboolean
takes_file (const GOptionEntry *entry)
{
  return entry->arg == G_OPTION_ARG_FILENAME || entry->arg == G_OPTION_ARG_FILENAME_ARRAY;
}

/* The next entry with a name, from `entry` on; behind the last comes --help, then NULL. */
static const GOptionEntry *
named (const GOptionEntry *entry)
{
  while (entry->long_name && (entry->long_name[0] == '\0' || entry->flags & G_OPTION_FLAG_HIDDEN))
    entry++;
  return entry->long_name ? entry : &help;
}

static const GOptionEntry *
next (const GOptionEntry *entry)
{
  return entry == &help ? NULL : named (entry + 1);
}

/* --- manual ----------------------------------------------------------------------------------------------------- */

/* As troff wants it: a hyphen that can be copied, no escape, and no request at the start of a line. */
static void
put_troff (const char *text)
{
  if (*text == '.' || *text == '\'')
    fputs ("\\&", stdout);
  for (; *text; text++) {
    if (*text == '\\')
      fputs ("\\e", stdout);
    else if (*text == '-')
      fputs ("\\-", stdout);
    else
      putchar (*text);
  }
}

/* Paragraphs, and lines that begin with two blanks as they are. */
static void
put_text (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gboolean example = FALSE;

  for (gsize i = 0; lines[i]; i++) {
    const gboolean indented = g_str_has_prefix (lines[i], "  ");
    if (indented != example)
      puts (indented ? ".PP\n.EX" : ".EE");
    example = indented;
    if (lines[i][0] == '\0') {
      if (lines[i + 1] && !g_str_has_prefix (lines[i + 1], "  "))
        puts (".PP");
      continue;
    }
    put_troff (lines[i] + (indented ? 2 : 0));
    putchar ('\n');
  }
  if (example)
    puts (".EE");
}

static void
put_man_option (const GOptionEntry *entry)
{
  puts (".TP");
  if (entry->short_name)
    printf ("\\fB\\-%c\\fR, ", entry->short_name);
  fputs ("\\fB\\-\\-", stdout);
  put_troff (entry->long_name);
  fputs ("\\fR", stdout);
  if (tool_option_takes_value (entry)) {
    fputs ("=\\fI", stdout);
    put_troff (entry->arg_description ? entry->arg_description : "VALUE");
    fputs ("\\fR", stdout);
  }
  putchar ('\n');
  put_troff (entry->description ? entry->description : "");
  putchar ('\n');
}

static void
put_man (const ToolManual *manual)
{
  printf (".SH SYNOPSIS\n\\fBgst\\-genre\\-1.0 %s\\fR [\\fIOPTION\\fR...] ", manual->command);
  put_troff (manual->synopsis ? manual->synopsis : "");
  puts ("\n.SH DESCRIPTION");
  put_text (manual->text ? manual->text : "");
  puts (".SH OPTIONS");
  for (const GOptionEntry *entry = named (manual->entries); entry; entry = next (entry))
    put_man_option (entry);
}

static void
begin_man (const ToolCommand *commands, gsize n, const ToolCommand *only)
{
  g_autofree char *title = only ? g_ascii_strup (only->name, -1) : NULL;

  printf (".TH GST\\-GENRE\\-1.0%s%s 1 \"\" \"genreclassify %s\"\n.SH NAME\ngst\\-genre\\-1.0%s%s \\- ",
      only ? "\\-" : "", only ? title : "", PACKAGE_VERSION, only ? "\\-" : "", only ? only->name : "");
  put_troff (only ? only->summary : "the genre of music, and models of genres of your own");
  putchar ('\n');
  if (only)
    return;
  puts (".SH SYNOPSIS\n\\fBgst\\-genre\\-1.0\\fR \\fICOMMAND\\fR [\\fIARGUMENTS\\fR...]\n.SH COMMANDS");
  for (gsize i = 0; i < n; i++) {
    printf (".TP\n\\fBgst\\-genre\\-1.0\\-%s\\fR(1)\n", commands[i].name);
    put_troff (commands[i].summary);
    putchar ('\n');
  }
}

static void
end_man (const ToolCommand *only)
{
  puts (".SH EXIT STATUS\n"
        ".TP\n0\nall went well\n"
        ".TP\n1\nsome of it failed, which is said on standard error\n"
        ".TP\n2\nwrong usage\n"
        ".TP\n130\ninterrupted by Ctrl\\-C: the process ends by that signal");
  puts (only ? ".SH SEE ALSO\n\\fBgst\\-genre\\-1.0\\fR(1)"
             : ".SH SEE ALSO\n\\fBgst\\-launch\\-1.0\\fR(1), "
               "\\fBgst\\-inspect\\-1.0\\fR(1)");
}

/* --- bash ------------------------------------------------------------------------------------------------------- */

static void
put_bash (const ToolManual *manual)
{
  g_autoptr (GString) options = g_string_new (NULL), values = g_string_new (NULL);

  for (const GOptionEntry *entry = named (manual->entries); entry; entry = next (entry)) {
    g_string_append_printf (options, " --%s", entry->long_name);
    if (entry->short_name)
      g_string_append_printf (options, " -%c", entry->short_name);
    if (tool_option_takes_value (entry) && !takes_file (entry))
      g_string_append_printf (values, " --%s", entry->long_name);
    if (tool_option_takes_value (entry) && !takes_file (entry) && entry->short_name)
      g_string_append_printf (values, " -%c", entry->short_name);
  }
  printf ("    %s)\n      options='%s '\n      values='%s '\n      ;;\n", manual->command, options->str, values->str);
}

static void
begin_bash (const ToolCommand *commands, gsize n)
{
  puts ("# bash completion for gst-genre-1.0; made by `gst-genre-1.0 generate bash`\n"
        "_gst_genre_1_0 ()\n{\n"
        "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options='' values=''\n"
        "  COMPREPLY=()\n"
        "  if [ \"$COMP_CWORD\" -eq 1 ]; then");
  fputs ("    COMPREPLY=($(compgen -W '", stdout);
  for (gsize i = 0; i < n; i++)
    printf ("%s ", commands[i].name);
  puts ("--help --version' -- \"$current\"))\n    return\n  fi\n  case ${COMP_WORDS[1]} in");
}

static void
end_bash (void)
{
  puts ("  esac\n"
        "  case $values in\n"
        "    *\" $previous \"*) return ;; # a number or a word, and no file\n"
        "  esac\n"
        "  case $current in\n"
        "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$current\")) ;;\n"
        "    *) compopt -o filenames 2>/dev/null; COMPREPLY=($(IFS=$'\\n'; compgen -f -- \"$current\")) ;;\n"
        "  esac\n"
        "}\n"
        "complete -o default -F _gst_genre_1_0 gst-genre-1.0");
}

/* --- zsh -------------------------------------------------------------------------------------------------------- */

/* In single quotes; what stands between brackets or colons means something to _arguments. */
static void
put_zsh_text (const char *text)
{
  for (; *text; text++) {
    if (*text == '\'')
      fputs ("'\\''", stdout);
    else if (*text == ':' || *text == '[' || *text == ']' || *text == '\\')
      printf ("\\%c", *text);
    else
      putchar (*text);
  }
}

static void
put_zsh_option (const GOptionEntry *entry)
{
  if (entry->short_name)
    printf ("        '(-%c --%s)'{-%c%s,--%s%s}'[", entry->short_name, entry->long_name, entry->short_name,
        tool_option_takes_value (entry) ? "+" : "", entry->long_name, tool_option_takes_value (entry) ? "=" : "");
  else
    printf ("        '--%s%s[", entry->long_name, tool_option_takes_value (entry) ? "=" : "");
  put_zsh_text (entry->description ? entry->description : "");
  putchar (']');
  if (tool_option_takes_value (entry)) {
    putchar (':');
    put_zsh_text (entry->arg_description ? entry->arg_description : "VALUE");
    fputs (takes_file (entry) ? ":_files" : ": ", stdout);
  }
  puts ("' \\");
}

static void
put_zsh (const ToolManual *manual)
{
  printf ("    %s)\n      _arguments -s -S \\\n", manual->command);
  for (const GOptionEntry *entry = named (manual->entries); entry; entry = next (entry))
    put_zsh_option (entry);
  puts ("        '*:file:_files'\n      ;;");
}

static void
begin_zsh (const ToolCommand *commands, gsize n)
{
  puts ("#compdef gst-genre-1.0\n# zsh completion; made by `gst-genre-1.0 generate zsh`\n_gst_genre_1_0 ()\n{\n"
        "  local -a commands=(");
  for (gsize i = 0; i < n; i++) {
    printf ("    '%s:", commands[i].name);
    put_zsh_text (commands[i].summary);
    puts ("'");
  }
  puts ("  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n  shift words\n"
        "  (( CURRENT-- ))\n  case $words[1] in");
}

static void
end_zsh (void)
{
  puts ("  esac\n}\ncompdef _gst_genre_1_0 gst-genre-1.0");
}

/* --- fish ------------------------------------------------------------------------------------------------------- */

static void
put_fish_text (const char *text)
{
  putchar ('\'');
  for (; *text; text++) {
    if (*text == '\'' || *text == '\\')
      putchar ('\\');
    putchar (*text);
  }
  putchar ('\'');
}

static void
put_fish (const ToolManual *manual)
{
  for (const GOptionEntry *entry = named (manual->entries); entry; entry = next (entry)) {
    printf ("complete -c gst-genre-1.0 -n '__fish_seen_subcommand_from %s' -l %s", manual->command, entry->long_name);
    if (entry->short_name)
      printf (" -s %c", entry->short_name);
    if (tool_option_takes_value (entry))
      fputs (takes_file (entry) ? " -r -F" : " -x", stdout);
    fputs (" -d ", stdout);
    put_fish_text (entry->description ? entry->description : "");
    putchar ('\n');
  }
}

static void
begin_fish (const ToolCommand *commands, gsize n)
{
  puts ("# fish completion for gst-genre-1.0; made by `gst-genre-1.0 generate fish`");
  for (gsize i = 0; i < n; i++) {
    printf ("complete -c gst-genre-1.0 -n __fish_use_subcommand -f -a %s -d ", commands[i].name);
    put_fish_text (commands[i].summary);
    putchar ('\n');
  }
}

/* --- all of them ------------------------------------------------------------------------------------------------ */

gboolean
tool_generate_options (const char *kind, const ToolManual *manual)
{
  static const struct
  {
    const char *kind;
    void (*put) (const ToolManual *manual);
  } kinds[] = { { "man", put_man }, { "bash", put_bash }, { "zsh", put_zsh }, { "fish", put_fish } };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (strcmp (kind, kinds[i].kind) == 0) {
      kinds[i].put (manual);
      return TRUE;
    }
  }
  return FALSE;
}

void
tool_generate_begin (const char *kind, const ToolCommand *commands, gsize n, const ToolCommand *only)
{
  if (strcmp (kind, "man") == 0)
    begin_man (commands, n, only);
  else if (strcmp (kind, "bash") == 0)
    begin_bash (commands, n);
  else if (strcmp (kind, "zsh") == 0)
    begin_zsh (commands, n);
  else
    begin_fish (commands, n);
}

void
tool_generate_end (const char *kind, const ToolCommand *only)
{
  if (strcmp (kind, "man") == 0)
    end_man (only);
  else if (strcmp (kind, "bash") == 0)
    end_bash ();
  else if (strcmp (kind, "zsh") == 0)
    end_zsh ();
}
