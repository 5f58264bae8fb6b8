package dev.psc.scrape.cloud.internal.azure;

import java.net.URI;
import java.util.Locale;
import java.util.Optional;

/**
 * The endpoints of one of Azure's clouds.
 *
 * @param resources of the Azure Resource Manager, without a slash at the end
 * @param login of Microsoft Entra ID, without a slash at the end
 * @param identity of the instance metadata service
 * @param audience that tokens are for
 */
record AzureCloud(URI resources, URI login, URI identity, String audience) {

  private static final URI METADATA = URI.create("http://169.254.169.254");

  /** Returns a cloud by its name in any case, as Prometheus knows them. */
  static Optional<AzureCloud> of(String name) {
    return switch (name.toUpperCase(Locale.ROOT)) {
      case "AZUREPUBLICCLOUD", "AZURECLOUD", "AZUREGERMANCLOUD" ->
          Optional.of(cloud("https://management.azure.com", "https://login.microsoftonline.com"));
      case "AZURECHINACLOUD" ->
          Optional.of(
              cloud("https://management.chinacloudapi.cn", "https://login.chinacloudapi.cn"));
      case "AZUREUSGOVERNMENT", "AZUREUSGOVERNMENTCLOUD" ->
          Optional.of(
              cloud("https://management.usgovcloudapi.net", "https://login.microsoftonline.us"));
      default -> Optional.empty();
    };
  }

  private static AzureCloud cloud(String resources, String login) {
    return new AzureCloud(URI.create(resources), URI.create(login), METADATA, resources);
  }
}
