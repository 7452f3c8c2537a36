//! kubectl, and what tests do with it.
//!
//! In: arguments, YAML, names. Out: what kubectl printed. The real kubectl is used because users use it: its columns, its
//! messages and its ways to apply are part of what is tested.

use crate::control_plane::ControlPlane;
use crate::error::{Error, Result};
use crate::process::{NO_PROXY, output};
use crate::user::User;
use crate::wait::{Look, wait};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

impl ControlPlane {
    /// A kubectl command for a user, to add arguments to. It ends with the run at the latest.
    ///
    /// # Errors
    /// kubectl or the kubeconfig is missing.
    pub fn kubectl_command(&self, user: &User) -> Result<Command> {
        let mut command = Command::new(self.assets().program("kubectl")?);
        command.arg("--kubeconfig").arg(self.kubeconfig(user)?);
        // Discovery is cached per server, and another run's server may have had the same address.
        command.arg("--cache-dir").arg(self.run().folder().join("kubectl-cache"));
        self.run().mark(&mut command).env("NO_PROXY", NO_PROXY);
        Ok(command)
    }

    /// Runs kubectl as administrator and gives back what it printed.
    ///
    /// # Errors
    /// [`Error::Failed`] with kubectl's own message.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        self.kubectl_as(&User::admin(), arguments)
    }

    /// Runs kubectl as a user.
    ///
    /// # Errors
    /// [`Error::Failed`] with kubectl's own message.
    pub fn kubectl_as(&self, user: &User, arguments: &[&str]) -> Result<String> {
        output(self.kubectl_command(user)?.args(arguments))
    }

    /// `kubectl apply` of one or more YAML documents, as administrator.
    ///
    /// # Errors
    /// [`Error::Failed`] with kubectl's own message.
    pub fn apply(&self, yaml: &str) -> Result<String> {
        let mut command = self.kubectl_command(&User::admin())?;
        command.args(["apply", "-f", "-"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = "kubectl apply -f -".to_owned();
        let mut child = command.spawn().map_err(|source| Error::Start { program: program.clone(), source })?;
        let mut stdin = child.stdin.take().expect("it was asked for");
        let text = yaml.to_owned();
        // From a thread: kubectl prints while it reads, and nobody must wait for the other.
        let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
        let output = child.wait_with_output().map_err(Error::file("read the output of", &program))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Error::Failed { program, status: output.status, said });
        }
        writer.join().expect("writing does not panic").map_err(Error::file("write to", &program))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Waits until an object fits, looking with one GET each time. What was seen last is the object's status, or the
    /// server's refusal.
    ///
    /// # Errors
    /// [`Error::Deadline`] if it does not come to fit.
    pub fn wait_for(&self, path: &str, what: &str, deadline: Duration, fits: impl Fn(&Value) -> bool) -> Result<Value> {
        wait(&format!("{path} {what}"), deadline, || {
            Ok(match self.get(path) {
                Ok(object) if fits(&object) => Look::Done(object),
                Ok(object) => Look::NotYet(object.get("status").unwrap_or(&object["metadata"]).to_string()),
                Err(error) => Look::NotYet(crate::chain(&error)),
            })
        })
    }

    /// Waits until an object is gone.
    ///
    /// # Errors
    /// [`Error::Deadline`] if it stays.
    pub fn wait_gone(&self, path: &str, deadline: Duration) -> Result<()> {
        wait(&format!("{path} to be gone"), deadline, || {
            Ok(match self.get(path) {
                Ok(object) => Look::NotYet(object["metadata"].to_string()),
                Err(error) if error.status_code() == Some(404) => Look::Done(()),
                Err(error) => Look::NotYet(crate::chain(&error)),
            })
        })
    }

    /// Waits until a pod runs and its containers are ready.
    ///
    /// # Errors
    /// [`Error::Deadline`] with the pod's status as it was last.
    pub fn wait_running(&self, namespace: &str, pod: &str, deadline: Duration) -> Result<Value> {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}");
        self.wait_for(&path, "to run", deadline, |pod| {
            let status = &pod["status"];
            let ready =
                status["containerStatuses"].as_array().is_some_and(|all| all.iter().all(|c| c["ready"] == true));
            status["phase"] == "Running" && ready
        })
    }

    /// Runs a command in a pod's first container and gives back what it printed.
    ///
    /// # Errors
    /// [`Error::Failed`] with what the command or kubectl said.
    pub fn exec(&self, namespace: &str, pod: &str, command: &[&str]) -> Result<String> {
        let mut kubectl = self.kubectl_command(&User::admin())?;
        output(kubectl.args(["exec", "-n", namespace, pod, "--"]).args(command))
    }

    /// Makes a user with chosen rights in the whole cluster: a service account with a token, and a ClusterRole with these
    /// rules (as in RBAC's `rules`). No rules, no rights.
    ///
    /// # Errors
    /// The API server refuses it: the name is taken, or a rule is no rule.
    pub fn user_with_rights(&self, name: &str, rules: &Value) -> Result<User> {
        let metadata = json!({"name": name});
        let accounts = "/api/v1/namespaces/kube-system/serviceaccounts";
        let rbac = "/apis/rbac.authorization.k8s.io/v1";
        self.post(accounts, &json!({"metadata": metadata}))?;
        self.post(&format!("{rbac}/clusterroles"), &json!({"metadata": metadata, "rules": rules}))?;
        let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name});
        let subject = json!({"kind": "ServiceAccount", "name": name, "namespace": "kube-system"});
        let binding = json!({"metadata": metadata, "roleRef": role, "subjects": [subject]});
        self.post(&format!("{rbac}/clusterrolebindings"), &binding)?;
        let token = self.post(&format!("{accounts}/{name}/token"), &json!({"spec": {}}))?;
        let token = token["status"]["token"].as_str().unwrap_or_default().to_owned();
        let user = User::with_token(format!("system:serviceaccount:kube-system:{name}"), token);
        self.wait_rights(&user, rules)?;
        Ok(user)
    }

    /// The authorizer hears of a new binding by its watch, a moment later. The first rule tells when it has.
    fn wait_rights(&self, user: &User, rules: &Value) -> Result<()> {
        let Some(rule) = rules.get(0) else { return Ok(()) };
        let first = |field: &str| rule[field][0].as_str().unwrap_or_default();
        let (verb, group, resource) = (first("verbs"), first("apiGroups"), first("resources"));
        let attributes = json!({"verb": verb, "group": group, "resource": resource, "name": first("resourceNames")});
        let review = json!({"spec": {"user": user.name, "resourceAttributes": attributes}});
        wait(&format!("{} to have its rights", user.name), Duration::from_secs(30), || {
            let answer = self.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", &review)?;
            let allowed = answer["status"]["allowed"] == true;
            Ok(if allowed { Look::Done(()) } else { Look::NotYet(answer["status"].to_string()) })
        })
    }
}
