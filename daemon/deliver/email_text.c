/* SPDX-License-Identifier: MIT */
/* deliver/email_text.c: the MIME text of a mail: the same in plain text and in HTML.
 *
 * All messages of an episode refer to one message id that no mail has: the first of them may have
 * been part of a digest, or sent by a daemon that is gone. Mail programs thread by such references,
 * too. */
#include "deliver/email.h"
#include "deliver/mime.h"
#include "deliver/outline.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define MAIL_MAX (512 * 1024)
enum { /* characters */
       TITLE_MAX = 200,
       TEXT_MAX = 1500,
       FACT_MAX = 250,
       LINK_MAX = 2000,
};

static const struct {
    const char *background, *text;
} TONES[TONE_COUNT_] = {
    [TONE_CRITICAL] = {"#A30200", "#FFFFFF"},
    [TONE_WARNING] = {"#DAA038", "#000000"},
    [TONE_INFO] = {"#439FE0", "#000000"},
    [TONE_RESOLVED] = {"#2EB886", "#000000"},
};

/* ---- pieces ---- */

static void add_cut(struct text *t, const char *before, const char *s, size_t max)
{
    CLEANUP(free) char *cut = outline_shorten(s, max);
    text_add(t, before);
    if (cut)
        text_add(t, cut);
    else
        t->error = -ENOMEM;
}

static void add_escaped(struct text *t, const char *s)
{
    for (; *s; s++) {
        size_t plain = strcspn(s, "&<>\"'\n");
        text_add_bytes(t, s, plain);
        s += plain;
        if (!*s)
            return;
        text_add(t, *s == '&'    ? "&amp;"
                    : *s == '<'  ? "&lt;"
                    : *s == '>'  ? "&gt;"
                    : *s == '"'  ? "&quot;"
                    : *s == '\'' ? "&#39;"
                                 : "<br>\n");
    }
}

static void add_html(struct text *t, const char *before, const char *s, size_t max,
                     const char *after)
{
    CLEANUP(free) char *cut = outline_shorten(s, max);
    text_add(t, before);
    if (cut)
        add_escaped(t, cut);
    else
        t->error = -ENOMEM;
    text_add(t, after);
}

static bool has_room(const struct outline_link *link)
{
    return strlen(link->url) <= LINK_MAX;
}

/* ---- plain text ---- */

static void write_plain(struct text *t, const struct message *m, const struct outline *o)
{
    text_addf(t, "%s: ", o->state);
    add_cut(t, "", o->title, TITLE_MAX);
    text_add(t, "\n");
    if (o->what[0])
        add_cut(t, "\n", o->what, TEXT_MAX);
    if (o->next[0])
        add_cut(t, "\n\nWhat to do: ", o->next, TEXT_MAX);
    text_add(t, "\n");
    for (size_t i = 0; i < o->n_facts; i++) {
        text_addf(t, "\n%s: ", o->fact[i].name);
        add_cut(t, "", o->fact[i].value, FACT_MAX);
    }
    for (size_t i = 0; i < o->n_lines; i++) {
        text_addf(t, "\n%s ", o->line[i].icon);
        add_cut(t, "", o->line[i].title, TITLE_MAX);
    }
    text_add(t, o->n_facts + o->n_lines > 0 ? "\n" : "");
    for (size_t i = 0; i < o->n_links; i++)
        if (has_room(&o->link[i]))
            text_addf(t, "\n%s: %s", o->link[i].name, o->link[i].url);
    if (o->alert_id[0])
        text_addf(t, "\n%s %s", m->digest ? "Digest" : "Alert", o->alert_id);
}

/* ---- HTML ---- */

static void write_facts(struct text *t, const struct outline *o)
{
    if (o->n_facts == 0)
        return;
    text_add(t, "<table cellpadding=\"0\" cellspacing=\"0\" style=\"margin:0 0 12px\">\n");
    for (size_t i = 0; i < o->n_facts; i++) {
        text_addf(
            t,
            "<tr><th align=\"left\" valign=\"top\" nowrap style=\"padding:2px 16px 2px 0\">%s</th>",
            o->fact[i].name);
        add_html(t, "<td style=\"padding:2px 0\">", o->fact[i].value, FACT_MAX, "</td></tr>\n");
    }
    text_add(t, "</table>\n");
}

static void write_lines(struct text *t, const struct outline *o)
{
    for (size_t i = 0; i < o->n_lines; i++) {
        text_addf(t, "<p style=\"margin:0 0 6px;padding:0 0 0 8px;border-left:6px solid %s\">",
                  TONES[o->line[i].tone].background);
        add_html(t, "", o->line[i].title, TITLE_MAX, "</p>\n");
    }
}

static void write_links(struct text *t, const struct outline *o)
{
    for (size_t i = 0; i < o->n_links; i++)
        if (has_room(&o->link[i])) {
            text_addf(t, "<p style=\"margin:%s 0 6px\">", i == 0 ? "12px" : "0");
            add_html(t, "<a href=\"", o->link[i].url, LINK_MAX, "\">");
            text_addf(t, "%s</a></p>\n", o->link[i].name);
        }
}

void email_write_html(struct text *t, const struct message *m, const struct outline *o)
{
    text_add(t, "<!DOCTYPE html>\n<html>\n<body style=\"margin:0;font-family:sans-serif;"
                "font-size:14px;word-break:break-word;overflow-wrap:anywhere\">\n<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" "
                "cellspacing=\"0\" style=\"max-width:720px\">\n");
    text_addf(t, "<tr><td bgcolor=\"%s\" style=\"padding:8px 12px;font-weight:bold;color:%s\">",
              TONES[o->tone].background, TONES[o->tone].text);
    add_html(t, "", o->state, TITLE_MAX, "</td></tr>\n<tr><td style=\"padding:12px\">\n");
    add_html(t, "<p style=\"margin:0 0 12px;font-size:17px;font-weight:bold\">", o->title,
             TITLE_MAX, "</p>\n");
    if (o->what[0])
        add_html(t, "<p style=\"margin:0 0 12px\">", o->what, TEXT_MAX, "</p>\n");
    if (o->next[0])
        add_html(t, "<p style=\"margin:0 0 12px\"><b>What to do:</b> ", o->next, TEXT_MAX,
                 "</p>\n");
    write_facts(t, o);
    write_lines(t, o);
    write_links(t, o);
    if (o->alert_id[0])
        add_html(t,
                 m->digest ? "<p style=\"margin:12px 0 0\"><small>Digest "
                           : "<p style=\"margin:12px 0 0\"><small>Alert ",
                 o->alert_id, FACT_MAX, "</small></p>\n");
    text_add(t, "</td></tr>\n</table>\n</body>\n</html>");
}

/* ---- the whole ---- */

char *email_subject(const struct outline *o)
{
    CLEANUP(free) char *title = outline_shorten(o->title, TITLE_MAX);
    return title ? text_printf("%s: %s", o->state, title) : NULL;
}

static void write_recipients(struct text *t, const struct email_envelope *e)
{
    for (size_t i = 0; i < e->n_to; i++)
        text_addf(t, "%s<%s>", i ? ",\r\n " : "To: ", e->to[i]);
    text_add(t, "\r\n");
}

static void write_header(struct text *t, const struct message *m, const struct outline *o,
                         const struct email_envelope *e)
{
    const struct notification *n = m->notification;
    const char *at = strrchr(e->from, '@'), *domain = at ? at + 1 : "localhost";
    CLEANUP(free) char *subject = email_subject(o);
    if (!subject) {
        t->error = -ENOMEM;
        return;
    }
    mime_date(t, n ? n->at : m->digest->at);
    mime_header(t, "Subject", subject);
    text_addf(t, "From: seatwatchd <%s>\r\n", e->from);
    write_recipients(t, e);
    text_addf(t, "Message-ID: <%s@%s>\r\n", n ? n->event_id : m->digest->event_id, domain);
    if (n && n->alert_id[0])
        for (int i = 0; i < 2; i++)
            text_addf(t, "%s: <alert-%s.%" PRIu32 "@%s>\r\n", i ? "References" : "In-Reply-To",
                      n->alert_id, n->episode, domain);
    text_add(t, "Auto-Submitted: auto-generated\r\n" /* RFC 3834 section 5 */
                "X-Auto-Response-Suppress: All\r\n"  /* the same for Exchange */
                "MIME-Version: 1.0\r\n");
}

/* "=_" cannot be in quoted-printable text (RFC 2045 section 6.7). */
static void write_part(struct text *t, const char *boundary, const char *type,
                       const struct text *content)
{
    text_addf(t,
              "--=_%s\r\nContent-Type: %s; charset=utf-8\r\n"
              "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
              boundary, type);
    mime_quoted_printable(t, content->data ? content->data : "");
}

int email_write(const struct message *m, const struct links *links, const struct email_envelope *e,
                char **ret, size_t *ret_len)
{
    CLEANUP(outline_free) struct outline *o = NULL;
    CLEANUP(text_free) struct text t = TEXT_INIT(MAIL_MAX);
    CLEANUP(text_free) struct text plain = TEXT_INIT(MAIL_MAX);
    CLEANUP(text_free) struct text html = TEXT_INIT(MAIL_MAX);
    const char *boundary = m->notification ? m->notification->event_id : m->digest->event_id;
    int r = outline_new(m, links, &o);
    if (r < 0)
        return r;
    write_plain(&plain, m, o);
    email_write_html(&html, m, o);
    write_header(&t, m, o, e);
    text_addf(&t, "Content-Type: multipart/alternative;\r\n boundary=\"=_%s\"\r\n\r\n", boundary);
    write_part(&t, boundary, "text/plain", &plain);
    write_part(&t, boundary, "text/html", &html);
    text_addf(&t, "--=_%s--\r\n", boundary);
    if (plain.error || html.error || t.error)
        return -ENOMEM;
    *ret_len = t.len;
    *ret = text_take(&t);
    return *ret ? 0 : -ENOMEM;
}
