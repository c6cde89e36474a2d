/* SPDX-License-Identifier: MIT */
/* model/product_table.c: the built-in table of common SKUs.
 *
 * Free: the pool is practically unlimited, or users sign up by themselves, so that its use needs no
 * alert. Free licences that an administrator assigns in small numbers (Teams Rooms Basic, Teams
 * Phone resource accounts) can run out and are not marked. */
#include "model/product_table.h"

/* "Product names and service plan identifiers for licensing" */
#define REFERENCE "learn.microsoft.com/entra/identity/users/licensing-service-plan-reference"
/* "What is self-service sign-up for Microsoft Entra ID?": ad-hoc subscriptions */
#define SELF_SERVICE "learn.microsoft.com/entra/identity/users/directory-self-service-signup"
/* "Manage the Microsoft Teams Exploratory license" */
#define EXPLORATORY "learn.microsoft.com/microsoftteams/teams-exploratory"
/* "Power Apps and Power Automate licensing FAQ" */
#define POWER_FAQ "learn.microsoft.com/power-platform/admin/powerapps-flow-licensing-faq"

#define NAMED(part, id, name)            \
    {                                    \
        part, id, name, false, REFERENCE \
    }
#define FREE(part, id, name, source) \
    {                                \
        part, id, name, true, source \
    }

const struct product PRODUCTS[] = {
    NAMED("SPE_E3", "05e9a617-0261-4cee-bb44-138d3ef5d965", "Microsoft 365 E3"),
    NAMED("SPE_E5", "06ebc4ee-1bb5-47dd-8120-11324bc54e06", "Microsoft 365 E5"),
    NAMED("Microsoft_365_E3_(no_Teams)", "dcf0408c-aaec-446c-afd4-43e3683943ea",
          "Microsoft 365 E3 (no Teams)"),
    NAMED("Microsoft_365_E5_(no_Teams)", "18a4bd3f-0b5b-4887-b04f-61dd0ee15f5e",
          "Microsoft 365 E5 (no Teams)"),
    NAMED("M365_F1", "44575883-256e-4a79-9da4-ebe9acabe2b2", "Microsoft 365 F1"),
    NAMED("SPE_F1", "66b55226-6b4f-492c-910c-a3b7a3c9d993", "Microsoft 365 F3"),
    NAMED("STANDARDPACK", "18181a46-0d4e-45cd-891e-60aabd171b4e", "Office 365 E1"),
    NAMED("ENTERPRISEPACK", "6fd2c87f-b296-42f0-b197-1e91e994b900", "Office 365 E3"),
    NAMED("ENTERPRISEPREMIUM", "c7df2760-2c81-4ef7-b578-5b5392b571df", "Office 365 E5"),
    NAMED("ENTERPRISEPREMIUM_NOPSTNCONF", "26d45bd9-adf1-46cd-a9e1-51e9a5524128",
          "Office 365 E5 without Audio Conferencing"),
    NAMED("DESKLESSPACK", "4b585984-651b-448a-9e53-3b10f069cf7f", "Office 365 F3"),
    NAMED("O365_BUSINESS_ESSENTIALS", "3b555118-da6a-4418-894f-7df1e2096870",
          "Microsoft 365 Business Basic"),
    NAMED("O365_BUSINESS_PREMIUM", "f245ecc8-75af-4f8e-b61f-27d8114de5f3",
          "Microsoft 365 Business Standard"),
    NAMED("SPB", "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46", "Microsoft 365 Business Premium"),
    NAMED("O365_BUSINESS", "cdd28e44-67e3-425e-be4c-737fab2899d3",
          "Microsoft 365 Apps for business"),
    NAMED("OFFICESUBSCRIPTION", "c2273bd0-dff7-4215-9ef5-2c7bcfb06425",
          "Microsoft 365 Apps for enterprise"),
    NAMED("Microsoft_365_Copilot", "639dec6b-bb19-468b-871c-c5c441c4b0cb", "Microsoft 365 Copilot"),
    NAMED("EXCHANGESTANDARD", "4b9405b0-7788-4568-add1-99614e613b69", "Exchange Online (Plan 1)"),
    NAMED("EXCHANGEENTERPRISE", "19ec0d23-8335-4cbd-94ac-6050e30712fa", "Exchange Online (Plan 2)"),
    NAMED("EXCHANGEDESKLESS", "80b2d799-d2ba-4d2a-8842-fb0d0f3a4b82", "Exchange Online Kiosk"),
    NAMED("EXCHANGEARCHIVE_ADDON", "ee02fd1b-340e-4a4b-b355-4a514e4c8943",
          "Exchange Online Archiving for Exchange Online"),
    NAMED("SHAREPOINTSTANDARD", "1fc08a02-8b3d-43b9-831e-f76859e04e1a",
          "SharePoint Online (Plan 1)"),
    NAMED("SHAREPOINTENTERPRISE", "a9732ec9-17d9-494c-a51c-d6b45b384dcb",
          "SharePoint Online (Plan 2)"),
    NAMED("WACONEDRIVESTANDARD", "e6778190-713e-4e4f-9119-8b8238de25df",
          "OneDrive for Business (Plan 1)"),
    NAMED("AAD_PREMIUM", "078d2b04-f1bd-4111-bbd4-b4b1b354cef4", "Microsoft Entra ID P1"),
    NAMED("AAD_PREMIUM_P2", "84a661c4-e949-4bd2-a560-ed7766fcaf2b", "Microsoft Entra ID P2"),
    NAMED("EMS", "efccb6f7-5641-4e0e-bd10-b4976e1bf68e", "Enterprise Mobility + Security E3"),
    NAMED("EMSPREMIUM", "b05e124f-c7cc-45a0-a6aa-8cf78c946968",
          "Enterprise Mobility + Security E5"),
    NAMED("INTUNE_A", "061f9ace-7d42-4136-88ac-31dc755f143f", "Microsoft Intune Plan 1"),
    NAMED("RIGHTSMANAGEMENT", "c52ea49f-fe5d-4e95-93ba-1de91d380f89",
          "Azure Information Protection Plan 1"),
    NAMED("IDENTITY_THREAT_PROTECTION", "26124093-3d78-432b-b5dc-48bf992543d5",
          "Microsoft 365 E5 Security"),
    NAMED("INFORMATION_PROTECTION_COMPLIANCE", "184efa21-98c3-4e5d-95ab-d07053a96e67",
          "Microsoft 365 E5 Compliance"),
    NAMED("ATP_ENTERPRISE", "4ef96642-f096-40de-a3e9-d83fb2f90211",
          "Microsoft Defender for Office 365 (Plan 1)"),
    NAMED("THREAT_INTELLIGENCE", "3dd6cf57-d688-4eed-ba52-9e40b5468c3e",
          "Microsoft Defender for Office 365 (Plan 2)"),
    NAMED("WIN_DEF_ATP", "111046dd-295b-4d6d-9724-d52ac90bd1f2", "Microsoft Defender for Endpoint"),
    NAMED("WIN10_VDA_E3", "6a0f6da5-0b87-4190-a6ae-9bb5a2b9546a", "Windows 10/11 Enterprise E3"),
    NAMED("WIN10_VDA_E5", "488ba24a-39a9-4473-8ee5-19291e71b002", "Windows 10/11 Enterprise E5"),
    NAMED("Microsoft_Teams_Enterprise_New", "7e31c0d9-9551-471d-836f-32ee72be4a01",
          "Microsoft Teams Enterprise"),
    NAMED("Teams_Ess", "fde42873-30b6-436b-b361-21af5a6b84ae", "Microsoft Teams Essentials"),
    NAMED("TEAMS_ESSENTIALS_AAD", "3ab6abff-666f-4424-bfb7-f0bc274ec7bc",
          "Microsoft Teams Essentials (AAD Identity)"),
    NAMED("MCOEV", "e43b5b99-8dfb-405f-9987-dc307f34bcbd", "Microsoft Teams Phone Standard"),
    NAMED("PHONESYSTEM_VIRTUALUSER", "440eaaa8-b3e0-484b-a8be-62870b9ba70a",
          "Microsoft Teams Phone Resource Account"),
    NAMED("MCOMEETADV", "0c266dff-15dd-4b49-8397-2bb16070ed52", "Microsoft 365 Audio Conferencing"),
    NAMED("MCOPSTN1", "0dab259f-bf13-4952-b7f8-7db8f131b28d",
          "Microsoft 365 Domestic Calling Plan"),
    NAMED("MCOPSTN2", "d3b4fe1f-9992-4930-8acb-ca6ec609365e",
          "Microsoft 365 Domestic and International Calling Plan"),
    NAMED("MCOPSTNC", "47794cd0-f0e5-45c5-9033-2eb6b5fc84e0", "Communications Credits"),
    NAMED("Microsoft_Teams_Rooms_Pro", "4cde982a-ede4-4409-9ae6-b003453c8ea6",
          "Microsoft Teams Rooms Pro"),
    NAMED("Microsoft_Teams_Rooms_Basic", "6af4b3d6-14bb-4a2a-960c-6c902aad34f3",
          "Microsoft Teams Rooms Basic"),
    NAMED("POWER_BI_PRO", "f8a1db68-be16-40ed-86d5-cb42ce701560", "Power BI Pro"),
    NAMED("PBI_PREMIUM_PER_USER", "c1d032e0-5619-4761-9b5c-75b6831e1711",
          "Power BI Premium Per User"),
    NAMED("POWERAPPS_PER_USER", "b30411f5-fea1-4a59-9ad9-3db7c7ead579", "Power Apps per user plan"),
    NAMED("FLOW_PER_USER", "4a51bca5-1eff-43f5-878c-177680f191af", "Power Automate per user plan"),
    NAMED("PROJECT_P1", "beb6439c-caad-48d3-bf46-0c82871e12be", "Project Plan 1"),
    NAMED("PROJECTPROFESSIONAL", "53818b1b-4a27-454b-8896-0dba576410e6", "Project Plan 3"),
    NAMED("PROJECTPREMIUM", "09015f9f-377f-4538-bbb5-f75ceb09358a", "Project Plan 5"),
    NAMED("VISIOONLINE_PLAN1", "4b244418-9658-4451-a2b8-b5e2b364e9bd", "Visio Plan 1"),
    NAMED("VISIOCLIENT", "c5928f49-12ba-48f7-ada3-0d743a3601d5", "Visio Plan 2"),
    NAMED("CRMSTANDARD", "d17b27af-3f49-4822-99f9-56a661538792", "Microsoft Dynamics CRM Online"),

    FREE("FLOW_FREE", "f30db892-07e9-47e9-837c-80727f46fd3d", "Microsoft Power Automate Free",
         POWER_FAQ),
    FREE("POWERAPPS_VIRAL", "dcb1a3ae-b33f-4487-846a-a640262fadf4",
         "Microsoft Power Apps Plan 2 Trial", POWER_FAQ),
    FREE("POWERAPPS_DEV", "5b631642-bd26-49fe-bd20-1daaa972ef80",
         "Microsoft Power Apps for Developer", POWER_FAQ),
    FREE("CCIBOTS_PRIVPREV_VIRAL", "606b54a9-78d8-4298-ad8b-df6ef4481c80",
         "Power Virtual Agents Viral Trial", REFERENCE),
    FREE("Power_Pages_vTrial_for_Makers", "3f9f06f5-3c31-472c-985f-62d9c10ec167",
         "Power Pages vTrial for Makers", REFERENCE),
    FREE("POWER_BI_STANDARD", "a403ebcc-fae0-4ca2-8c8c-7a907fd6c235", "Microsoft Fabric (Free)",
         SELF_SERVICE),
    FREE("STREAM", "1f2f344a-700d-42c9-9427-5cea1d5d7ba6", "Microsoft Stream Trial", REFERENCE),
    FREE("WINDOWS_STORE", "6470687e-a428-4b7a-bef2-8a291ad947c9", "Windows Store for Business",
         REFERENCE),
    FREE("RIGHTSMANAGEMENT_ADHOC", "8c4ce438-32a7-4ac5-91a6-e22ae08d9c8b",
         "Rights Management Adhoc", SELF_SERVICE),
    FREE("TEAMS_EXPLORATORY", "710779e8-3d4a-4c88-adb9-386c958d1fdf", "Microsoft Teams Exploratory",
         EXPLORATORY),
    FREE("Microsoft_Teams_Exploratory_Dept", "e0dfc8b9-9531-4ec8-94b4-9fec23b05fc8",
         "Microsoft Teams Exploratory Dept", EXPLORATORY),
    FREE("MS_TEAMS_IW", "74fbf1bb-47c6-4796-9623-77dc7371723b", "Microsoft Teams Trial", REFERENCE),
    FREE("TEAMS_COMMERCIAL_TRIAL", "29a2f828-8f39-4837-b8ff-c957e86abe3c",
         "Microsoft Teams Commercial Cloud Trial", REFERENCE),
    FREE("TEAMS_FREE", "16ddbbfc-09ea-4de2-b1d7-312db6112d70", "Microsoft Teams (Free)", REFERENCE),
    FREE("SMB_APPS", "90d8b3f8-712e-4f7b-aa1e-62e7ae6cbe96", "Business Apps (free)", REFERENCE),
    FREE("SPZA_IW", "8f0c5670-4e56-4892-b06d-91c085d7004f", "App Connect IW", REFERENCE),
    FREE("MICROSOFT_BUSINESS_CENTER", "726a0894-2c77-4d65-99da-9775ef05aad1",
         "Microsoft Business Center", REFERENCE),
    FREE("DYN365_ENTERPRISE_P1_IW", "338148b6-1b11-4102-afb9-f92b6cdc0f8d",
         "Dynamics 365 P1 Trial for Information Workers", REFERENCE),
    FREE("PROJECT_MADEIRA_PREVIEW_IW_SKU", "6a4a1628-9b9a-424d-bed5-4118f0ede3fd",
         "Dynamics 365 Business Central for IWs", SELF_SERVICE),
};
const size_t N_PRODUCTS = sizeof PRODUCTS / sizeof *PRODUCTS;
