/* SPDX-License-Identifier: MIT */
/* config/keys_tenant.c: the keys of a tenant, and which kinds of sign-in know them. */
#include "config/keys.h"

#include "config/forms.h"

/* A row is a few lines, not one line for each of its members. */
/* clang-format off */
#define AT CONF_AT
#define COUNTED CONF_COUNTED
#define WORDS CONF_WORDS

enum {
    SECRET = 1 << AUTH_CLIENT_SECRET,
    CERTIFICATE = 1 << AUTH_CERTIFICATE,
    WORKLOAD = 1 << AUTH_WORKLOAD_IDENTITY,
    IDENTITY = 1 << AUTH_MANAGED_IDENTITY,
    ALL_AUTHS = SECRET | CERTIFICATE | WORKLOAD | IDENTITY
};
static const char *const AUTH_WORDS[] = {"client_secret", "certificate", "workload_identity",
                                         "managed_identity", NULL};
const char *conf_auth_name(enum auth auth)
{
    return AUTH_WORDS[auth];
}

static const struct conf_key TENANT[] = {
    {.name = "name", .type = CONF_TEXT, AT(tenant_options, identity.name), .required = true,
     .what = "a name", .check = form_name, .example = "contoso",
     .help = "Name of the tenant in alerts and logs; unique."},
    {.name = "tenant_id", .type = CONF_TEXT, AT(tenant_options, identity.tenant_id),
     .letters = CASE_LOWER,
     .needed = ALL_AUTHS, .what = "an id", .check = form_tenant_id,
     .example = "11111111-2222-4333-8444-555555555555",
     .help = "Tenant id in Entra, or a verified domain of the tenant; unique."},
    {.name = "client_id", .type = CONF_TEXT, AT(tenant_options, graph.client_id),
     .letters = CASE_LOWER,
     .needed = ALL_AUTHS & ~IDENTITY, .what = "an id", .check = form_client_id,
     .example = "99999999-aaaa-4bbb-8ccc-dddddddddddd",
     .help = "Application id of the app registration, or client id of a user-assigned managed "
             "identity."},
    {.name = "auth", .type = CONF_WORD, AT(tenant_options, graph.auth), .words = AUTH_WORDS,
     .def = "client_secret", .help = "Sign-in method."},
    {.name = "client_secret_file", .type = CONF_FILE, AT(tenant_options, graph.client_secret_file),
     .file = FILE_CLIENT_SECRET, .auth = SECRET, .needed = SECRET, .example = "contoso.secret",
     .help = "File with the client secret; the secret itself is never in the configuration."},
    {.name = "client_secret_expires", .type = CONF_TEXT, AT(tenant_options, client_secret_expires),
     .auth = SECRET, .def = "", .shown_def = "unknown", .what = "a day, auto, or empty",
     .check = form_secret_end, .example = "2027-03-01",
     .help = "Last day of the client secret, as the portal shows it; auto queries Graph."},
    {.name = "certificate_file", .type = CONF_FILE, AT(tenant_options, graph.certificate_file),
     .file = FILE_PUBLIC, .auth = CERTIFICATE, .needed = CERTIFICATE, .example = "contoso.crt",
     .help = "Certificate of the app registration in PEM; read at each sign-in, so a renewed pair "
             "of files needs no restart."},
    {.name = "private_key_file", .type = CONF_FILE, AT(tenant_options, graph.private_key_file),
     .file = FILE_SECRET, .auth = CERTIFICATE, .needed = CERTIFICATE, .example = "contoso.key",
     .help = "Private RSA key of the certificate in PEM."},
    {.name = "private_key_password_file", .type = CONF_FILE,
     AT(tenant_options, graph.private_key_password_file), .file = FILE_SECRET, .auth = CERTIFICATE,
     .def = "", .shown_def = "the key is not encrypted", .example = "contoso.key.password",
     .help = "File with the password of an encrypted private key."},
    {.name = "assertion", .type = CONF_WORD, AT(tenant_options, graph.assertion),
     .auth = CERTIFICATE, .words = WORDS("PS256", "RS256"), .def = "PS256",
     .help = "Signature of the client assertion; RS256 with the SHA-1 thumbprint is for older app "
             "registrations."},
    {.name = "federated_token_file", .type = CONF_FILE,
     AT(tenant_options, graph.federated_token_file), .file = FILE_PUBLIC, .auth = WORKLOAD,
     .needed = WORKLOAD, .example = "/var/run/secrets/azure/tokens/azure-identity-token",
     .help = "File with a token of an issuer that the application trusts; read at each sign-in."},
    {.name = "host", .type = CONF_WORD, AT(tenant_options, graph.identity_host), .auth = IDENTITY,
     .words = WORDS("vm", "arc"), .def = "vm",
     .help = "Source of the managed identity: the metadata service of an Azure virtual machine, "
             "or the local Arc agent."},
    {.name = "identity_object_id", .type = CONF_TEXT, AT(tenant_options, graph.identity_object_id),
     .letters = CASE_LOWER,
     .auth = IDENTITY, .def = "", .what = "an id, or empty", .check = form_identity,
     .example = "99999999-aaaa-4bbb-8ccc-dddddddddddd",
     .help = "Object id of a user-assigned managed identity, if client_id is not set."},
    {.name = "identity_resource_id", .type = CONF_TEXT,
     AT(tenant_options, graph.identity_resource_id), .auth = IDENTITY, .def = "",
     .what = "a resource id, or empty", .check = form_identity,
     .example = "/subscriptions/99999999-aaaa-4bbb-8ccc-dddddddddddd/resourceGroups/watch/providers/"
                "Microsoft.ManagedIdentity/userAssignedIdentities/seatwatchd",
     .help = "Resource id of a user-assigned managed identity, if client_id is not set."},
    {.name = "cloud", .type = CONF_WORD, AT(tenant_options, graph.cloud),
     .words = WORDS("global", "usgov_l4", "usgov_l5", "china"), .def = "global",
     .help = "Microsoft cloud of the tenant."},
    {.name = "graph_url", .type = CONF_TEXT, AT(tenant_options, graph.graph_url), .def = "",
     .what = "scheme://host[:port], or empty", .check = form_root,
     .example = "https://graph.example",
     .help = "Root URL of Microsoft Graph, without version; empty selects that of the cloud."},
    {.name = "login_url", .type = CONF_TEXT, AT(tenant_options, graph.login_url), .def = "",
     .what = "scheme://host[:port], or empty", .check = form_root,
     .example = "https://login.example",
     .help = "Root URL for sign-in; empty selects that of the cloud, or the managed identity "
             "service of this machine."},
    {.name = "resource", .type = CONF_TEXT, AT(tenant_options, graph.resource), .def = "",
     .what = "a resource, or empty", .check = form_resource,
     .example = "https://graph.microsoft.com",
     .help = "Resource of the token request; empty selects the Graph root of the cloud."},
    {.name = "api_version", .type = CONF_TEXT, AT(tenant_options, graph.api_version), .def = "beta",
     .what = "a version", .check = form_version,
     .help = "API version in the paths of Microsoft Graph."},
    {.name = "source", .type = CONF_WORD, AT(tenant_options, graph.source),
     .words = WORDS("auto", "cloud_licensing", "subscribed_skus"), .def = "auto",
     .help = "Data source; auto uses the subscribedSkus fallback only where the Cloud Licensing "
             "API is absent."},
    {.name = "labels", .type = CONF_LABELS, COUNTED(tenant_options, identity.label, identity.n_labels),
     .example = "{ customer = \"Contoso\"; group = \"gold\"; }",
     .help = "Labels of your own; they are copied to alerts, and can be used in matches and in "
             "file names."},
    {.name = "timezone", .type = CONF_TEXT, AT(tenant_options, identity.timezone), .def = "",
     .what = "a time zone", .check = form_zone, .example = "Europe/Berlin",
     .help = "Time zone of dates, hours and texts of this tenant; empty selects that of the "
             "machine. Times in texts show their zone."},
    {.name = "interval", .type = CONF_DURATION, AT(tenant_options, identity.interval), .min = "1s",
     .max = "1d", .shown_def = "poll.interval", .example = "15m",
     .help = "Time between two polls of this tenant."},
    {.name = "enabled", .type = CONF_BOOL, AT(tenant_options, enabled), .def = "true",
     .help = "Whether the tenant is polled."},
};
const struct conf_section conf_tenant = CONF_SECTION(TENANT);
