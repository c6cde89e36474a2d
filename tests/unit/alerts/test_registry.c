/* SPDX-License-Identifier: MIT */
/* The registry: look-up by id and subject, moving, replacing, deleting. */
#include "alerts/registry.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct alert *an_alert(const char *id, const char *tenant, const char *subject)
{
    struct alert *a = calloc(1, sizeof *a);
    assert_non_null(a);
    (void)snprintf(a->id, sizeof a->id, "%s", id);
    a->kind = KIND_CAPACITY;
    a->tenant_id = strdup(tenant);
    a->subject = strdup(subject);
    assert_int_equal(context_new(&a->context), 0);
    return a;
}

static size_t count(const struct alert_registry *b)
{
    size_t n = 0, cursor = 0;
    while (registry_next(b, &cursor))
        n++;
    assert_null(registry_next(b, &cursor)); /* and it stays at the end */
    return n;
}

static void alerts_are_found_by_id_and_by_what_they_are_about(void **state)
{
    CLEANUP(registry_free) struct alert_registry *b = NULL;
    (void)state;
    assert_int_equal(registry_new(&b), 0);
    assert_int_equal(count(b), 0);
    assert_int_equal(registry_put(b, an_alert("1", "t", "pool")), 0);
    assert_int_equal(registry_put(b, an_alert("2", "t", "pool2")), 0);
    assert_int_equal(registry_put(b, an_alert("3", "tp", "ool")), 0);
    assert_string_equal(registry_find(b, KIND_CAPACITY, "t", "pool")->id, "1");
    assert_string_equal(registry_find(b, KIND_CAPACITY, "tp", "ool")->id, "3");
    assert_string_equal(registry_by_id(b, "2")->subject, "pool2");
    assert_null(registry_find(b, KIND_ERRORS, "t", "pool"));
    assert_null(registry_find(b, KIND_CAPACITY, NULL, "pool"));
    assert_null(registry_by_id(b, "4"));
    assert_int_equal(count(b), 3);
    assert_int_equal(registry_count_tenant(b, "t"), 2);
}

static void one_with_the_same_id_or_subject_is_replaced(void **state)
{
    CLEANUP(registry_free) struct alert_registry *b = NULL;
    (void)state;
    assert_int_equal(registry_new(&b), 0);
    (void)registry_put(b, an_alert("1", "t", "old"));
    (void)registry_put(b, an_alert("1", "t", "new"));
    assert_null(registry_find(b, KIND_CAPACITY, "t", "old"));
    assert_string_equal(registry_find(b, KIND_CAPACITY, "t", "new")->id, "1");
    (void)registry_put(b, an_alert("2", "t", "new"));
    assert_null(registry_by_id(b, "1"));
    assert_int_equal(count(b), 1);
}

static void thousands_are_kept_apart_and_all_are_visited_once(void **state)
{
    CLEANUP(registry_free) struct alert_registry *b = NULL;
    static unsigned char seen[10000];
    const struct alert *a;
    size_t cursor = 0;
    (void)state;
    assert_int_equal(registry_new(&b), 0);
    for (int i = 0; i < 10000; i++) {
        char id[ALERT_ID_TEXT], subject[24];
        (void)snprintf(id, sizeof id, "%016x", (unsigned)i);
        (void)snprintf(subject, sizeof subject, "pool %d", i);
        (void)registry_put(b, an_alert(id, "t", subject));
    }
    while ((a = registry_next(b, &cursor)))
        seen[strtoul(a->id, NULL, 16)]++;
    for (int i = 0; i < 10000; i++) {
        char subject[24];
        (void)snprintf(subject, sizeof subject, "pool %d", i);
        assert_int_equal(seen[i], 1);
        a = registry_find(b, KIND_CAPACITY, "t", subject);
        assert_non_null(a);
        assert_int_equal(strtoul(a->id, NULL, 16), i);
    }
}

static void the_alerts_of_a_tenant_are_visited_without_the_others(void **state)
{
    CLEANUP(registry_free) struct alert_registry *b = NULL;
    (void)state;
    assert_int_equal(registry_new(&b), 0);
    for (int i = 0; i < 1000; i++) { /* the last digit is the tenant; the tables grow on the way */
        char id[ALERT_ID_TEXT], tenant[2] = {(char)('0' + i % 10), 0}, subject[24];
        (void)snprintf(id, sizeof id, "%016d", i);
        (void)snprintf(subject, sizeof subject, "pool %d", i);
        (void)registry_put(b, an_alert(id, tenant, subject));
    }
    struct changes *gone = calloc(1, sizeof *gone); /* first, last and some between of tenant 3 */
    assert_non_null(gone);
    gone->removed = calloc(3, sizeof *gone->removed);
    assert_non_null(gone->removed);
    static const int REMOVED[] = {3, 503, 993};
    for (; gone->n_removed < 3; gone->n_removed++)
        (void)snprintf(gone->removed[gone->n_removed].id, ALERT_ID_TEXT, "%016d",
                       REMOVED[gone->n_removed]);
    alerts_apply(b, gone);
    changes_free(gone);
    (void)registry_put(b,
                       an_alert("0000000000000013", "4", "moved")); /* from tenant 3 to tenant 4 */
    static unsigned char seen[1000];
    for (const struct alert *a = NULL; (a = registry_next_of(b, "3", a));)
        seen[strtol(a->id, NULL, 10)]++;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(seen[i], i % 10 == 3 && i != 3 && i != 13 && i != 503 && i != 993);
    assert_int_equal(registry_count_tenant(b, "4"), 101);
    assert_int_equal(registry_count_tenant(b, "10"), 0);
    assert_null(registry_next_of(b, "", NULL));
}

static void applied_changes_are_in_the_registry(void **state)
{
    CLEANUP(registry_free) struct alert_registry *b = NULL;
    CLEANUP(changes_free) struct changes *c = calloc(1, sizeof *c);
    (void)state;
    assert_int_equal(registry_new(&b), 0);
    (void)registry_put(b, an_alert("1", "t", "gone"));
    (void)registry_put(b, an_alert("2", "t", "a"));
    (void)registry_put(b, an_alert("3", "t", "b"));
    /* two that change places, and one that takes over a forgotten one's id */
    c->alert = calloc(3, sizeof *c->alert);
    c->alert[c->n_alerts++] = an_alert("2", "t", "b");
    c->alert[c->n_alerts++] = an_alert("3", "t", "a");
    c->alert[c->n_alerts++] = an_alert("1", "t", "c");
    c->removed = calloc(2, sizeof *c->removed);
    c->n_removed = 2;
    memcpy(c->removed[0].id, "1", 2);
    memcpy(c->removed[1].id, "nobody", 7);
    c->now = (struct instant){1, 2, 3};
    alerts_apply(b, c);
    assert_int_equal(c->n_alerts, 0);
    assert_int_equal(count(b), 3);
    assert_string_equal(registry_find(b, KIND_CAPACITY, "t", "a")->id, "3");
    assert_string_equal(registry_find(b, KIND_CAPACITY, "t", "b")->id, "2");
    assert_string_equal(registry_by_id(b, "1")->subject, "c");
    assert_null(registry_find(b, KIND_CAPACITY, "t", "gone"));
    assert_int_equal(registry_clock(b)->boot, 3);
}

static void a_copy_is_equal_and_stands_alone(void **state)
{
    struct alert *a = an_alert("1", "t", "pool"), *copy = NULL;
    (void)state;
    a->context->allotted = 7;
    a->latch[RULE_USAGE][1].observations = 3;
    assert_int_equal(alert_copy(a, &copy), 0);
    assert_string_equal(copy->subject, "pool");
    assert_ptr_not_equal(copy->subject, a->subject);
    assert_int_equal(copy->latch[RULE_USAGE][1].observations, 3);
    alert_free(a);
    assert_int_equal(copy->context->allotted, 7);
    alert_free(copy);
    alert_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(alerts_are_found_by_id_and_by_what_they_are_about),
        cmocka_unit_test(one_with_the_same_id_or_subject_is_replaced),
        cmocka_unit_test(thousands_are_kept_apart_and_all_are_visited_once),
        cmocka_unit_test(the_alerts_of_a_tenant_are_visited_without_the_others),
        cmocka_unit_test(applied_changes_are_in_the_registry),
        cmocka_unit_test(a_copy_is_equal_and_stands_alone),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
