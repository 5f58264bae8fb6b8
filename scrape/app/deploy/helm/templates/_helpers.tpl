{{- define "psc.name" -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- define "psc.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: profile-scraper
{{- end }}
{{- define "psc.account" -}}
{{ .Values.serviceAccount.name | default (include "psc.name" .) }}
{{- end }}
