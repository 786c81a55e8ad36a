package checks;

import com.erudika.para.client.ParaClient;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Runs all checks and prints one line for each: {@code ok <name>} or {@code failed <name> <why>}. */
public final class Main {

	private Main() {
	}

	/** Arguments: address of the server, access key and secret key of an app. */
	public static void main(String[] args) throws Exception {
		try (ParaClient client = clientOf(args[0], args[1], args[2]);
				ParaClient guest = clientOf(args[0], args[1], null)) {
			Checks checks = new Checks(client, guest, args[1]);
			for (Method check : checks()) {
				System.out.println(run(checks, check));
			}
		}
	}

	private static ParaClient clientOf(String url, String accessKey, String secretKey) {
		ParaClient client = new ParaClient(accessKey, secretKey);
		client.setEndpoint(url);
		return client;
	}

	private static List<Method> checks() {
		return Arrays.stream(Checks.class.getDeclaredMethods())
				.filter(method -> Modifier.isPublic(method.getModifiers()))
				.sorted(Comparator.comparing(Method::getName)).toList();
	}

	private static String run(Checks checks, Method check) throws IllegalAccessException {
		try {
			check.invoke(checks);
			return "ok " + check.getName();
		} catch (InvocationTargetException error) {
			String why = String.valueOf(error.getCause()).replaceAll("\\s+", " ");
			String place = Arrays.stream(error.getCause().getStackTrace())
					.filter(frame -> frame.getClassName().equals(Checks.class.getName()))
					.map(frame -> " at line " + frame.getLineNumber()).findFirst().orElse("");
			return "failed " + check.getName() + " " + why + place;
		}
	}
}
