package dev.psc.examples.benchmarks.scraper;

import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a scraper used in some minutes after its start.
 *
 * @param command the name of its command
 * @param targets the number of targets
 * @param profileKilobytes the size of each profile on the wire
 * @param minutes the minutes, e.g. {@code 2-3}
 * @param readyMillis the time from the start until {@code /metrics} responded
 * @param elapsedSeconds the length of the window
 * @param cpuSeconds CPU time in the window by group of threads
 * @param profiles the profiles that arrived in the window
 * @param residentMebibytes resident memory at the end of the window
 * @param peakMebibytes the largest resident memory since the start
 * @param peerSeconds CPU time of the targets and the store in the window
 */
record ScraperWindow(
    String command,
    int targets,
    int profileKilobytes,
    String minutes,
    long readyMillis,
    double elapsedSeconds,
    Map<String, Double> cpuSeconds,
    long profiles,
    long residentMebibytes,
    long peakMebibytes,
    double peerSeconds) {

  double totalSeconds() {
    return cpuSeconds.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  double profilesPerSecond() {
    return profiles / elapsedSeconds;
  }

  double millisPerProfile() {
    return 1e3 * totalSeconds() / Math.max(1, profiles);
  }

  String json() {
    return String.format(
        Locale.ROOT,
        "{\"command\":\"%s\",\"targets\":%d,\"profile_kb\":%d,\"minutes\":\"%s\",\"ready_ms\":%d,"
            + "\"cpu_s\":%.2f,\"cpu_s_by_group\":{%s},\"profiles_per_s\":%.1f,"
            + "\"cpu_ms_per_profile\":%.3f,\"rss_mib\":%d,\"peak_rss_mib\":%d,\"peer_cpu_s\":%.2f}",
        command,
        targets,
        profileKilobytes,
        minutes,
        readyMillis,
        totalSeconds(),
        cpuSeconds.entrySet().stream()
            .map(
                group ->
                    String.format(Locale.ROOT, "\"%s\":%.2f", group.getKey(), group.getValue()))
            .collect(Collectors.joining(",")),
        profilesPerSecond(),
        millisPerProfile(),
        residentMebibytes,
        peakMebibytes,
        peerSeconds);
  }
}
