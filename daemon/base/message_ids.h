/* SPDX-License-Identifier: MIT */
/* base/message_ids.h: one fixed MESSAGE_ID per kind of journal entry (systemd.journal-fields(7)).
 *
 * Users filter by them; never change one. Each has an entry in units/seatwatchd.catalog and in
 * seatwatchd(8), which tests/lint compares with this file. */
#pragma once

#define MESSAGE_ALERT_FIRING      "6dc36667e18c421a8af41f7a12e900ae" /* an alert is firing */
#define MESSAGE_ALERT_ESCALATED   "f5c1a581bd42426e982a07b8ecccf2d2" /* the severity of a firing alert rose */
#define MESSAGE_ALERT_DEESCALATED "657930c602284813b3436951b63b99ce" /* the severity of a firing alert fell */
#define MESSAGE_ALERT_UPDATED     "791c1e2872eb4c8685f4b031f1379054" /* the numbers or the cause of a firing alert changed */
#define MESSAGE_ALERT_REMINDER    "98d733836cc74462a455a4f575c5670b" /* an alert is still firing */
#define MESSAGE_ALERT_RESOLVED    "ca0a56b690d243f6ad96d897a317642e" /* an alert resolved */
#define MESSAGE_ALERT_ACKNOWLEDGED "ae4e3142f2154f97a7496c649e233353" /* somebody acknowledged a firing alert */
#define MESSAGE_ALERT_DIGEST      "b9bfb5d4bfab46e582421011ce202d83" /* several alerts in one message */
#define MESSAGE_ALERT_INFO        "3df9ac8e90a549eca49c06650a73e236" /* something changed that is no alert: a new pool, more units */
#define MESSAGE_RECEIVER_TEST     "75abcf73d79e49fab26b03abebb77ff7" /* a test message was requested */
#define MESSAGE_STATE_REBUILT     "c6f9926b5ddf487db4c42f2b3bd0d788" /* the damaged database was repaired or replaced by a new one */
#define MESSAGE_STATE_FAILING     "9fc73ddd19244e30852a8cd34faa82f4" /* the state directory cannot be written */
#define MESSAGE_STATE_WORKS       "a53ef9fa8c9447a5ab429cd603610fc5" /* the state directory can be written again */
#define MESSAGE_POLL_FAILED       "86cb8ea8966f459bb35ea1791a8b53b3" /* a poll of a tenant failed or is incomplete */
#define MESSAGE_POLL_RECOVERED    "069a0ed4dfe04f549bf964c1c7a38fa1" /* poll succeeded; tenant recovered */
#define MESSAGE_RIGHTS_FAILED     "f88e094db59247aeaed437ec951f8d07" /* usage rights could not be looked up */
#define MESSAGE_RIGHTS_RECOVERED  "f02d76dd65c543f18ee6f45aa8a09359" /* usage rights can be looked up again */
#define MESSAGE_CREDENTIAL_UNKNOWN "d4509d184020468d84ad371a87ee68ea" /* the expiry date of a client secret is unknown */
#define MESSAGE_SOURCE_NOTE       "10480eb4132048f2a4840042c4f75e7c" /* the available API of a tenant changed */
#define MESSAGE_CLOCK_SKEW        "90a5038869f44e2f8a4a8c56413a26ff" /* the local clock differs from the clock of Graph */
#define MESSAGE_CLOCK_JUMP        "f853c950e28240c6a1c747cff3c75dc1" /* the wall clock jumped */
#define MESSAGE_CLOCK_UNSET       "0f4d915c5a274fa9b50e4bc1f249eb3f" /* the wall clock is not set */
#define MESSAGE_RECEIVER_PARKED   "8bdc4724df52442db8a19b64ca969da6" /* a message was parked after a failed delivery */
#define MESSAGE_CONTROL_CHANGE    "fe8a670666eaa26a09f0b29e9dec377c" /* somebody used a command that changes something */
#define MESSAGE_CONFIG_LOADED     "fa59688505454923aa8edce56cc937e3" /* a new configuration was loaded */
#define MESSAGE_CONFIG_REFUSED    "7ba0be41100a4e27b95f14414a836d1a" /* a new configuration was refused; the old one stays in use */
